import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from syncgroups.conf import settings


class Migration(migrations.Migration):
    initial = True

    # By hand: a generated migration reads the setting where it may be absent, and forgets this dependency.
    dependencies = [
        migrations.swappable_dependency(settings.PARTICIPANT_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Participant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "creation_time",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created"
                    ),
                ),
                (
                    "details",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Anything else the site keeps with this row.",
                        verbose_name="details",
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        help_text="What URLs and tokens say.",
                        unique=True,
                        verbose_name="public id",
                    ),
                ),
                (
                    "cohort",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Only participants of the same cohort meet, e.g. those of one session.",
                        max_length=100,
                        verbose_name="cohort",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("working", "Working"), ("finished", "Finished"), ("left", "Left")],
                        default="working",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                ("failed", models.BooleanField(default=False, verbose_name="failed")),
                ("failed_reason", models.TextField(blank=True, verbose_name="reason for failing")),
                (
                    "ended_by",
                    models.CharField(
                        blank=True,
                        help_text="Who ended the participation, if another person did.",
                        max_length=150,
                        verbose_name="ended by",
                    ),
                ),
                ("time_of_death", models.DateTimeField(blank=True, null=True, verbose_name="failed at")),
                (
                    "last_seen_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Time of the last request, give or take a few seconds.",
                        null=True,
                        verbose_name="last seen",
                    ),
                ),
                (
                    "time_credit",
                    models.FloatField(
                        default=0.0,
                        help_text="Seconds of paid time earned by waiting at barriers.",
                        verbose_name="time credit",
                    ),
                ),
            ],
            options={
                "verbose_name": "participant",
                "verbose_name_plural": "participants",
                "abstract": False,
                "swappable": "SYNCGROUPS_PARTICIPANT_MODEL",
                "indexes": [models.Index(fields=["cohort", "status"], name="syncgroups_participant_cohort")],
            },
        ),
        migrations.CreateModel(
            name="BarrierRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "last_processed",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last processed"),
                ),
                (
                    "last_error",
                    models.TextField(
                        blank=True,
                        editable=False,
                        help_text="What the last pass that failed raised. It is tried again by itself.",
                        verbose_name="last error",
                    ),
                ),
                (
                    "last_error_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last error at"),
                ),
                (
                    "error_count",
                    models.PositiveIntegerField(
                        default=0,
                        editable=False,
                        help_text="In a row; zero after a pass that succeeded.",
                        verbose_name="failed passes",
                    ),
                ),
                ("barrier_id", models.CharField(max_length=100, verbose_name="barrier")),
                ("cohort", models.CharField(blank=True, default="", max_length=100, verbose_name="cohort")),
                (
                    "paused_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="While paused nobody is released and no wait ends.",
                        null=True,
                        verbose_name="paused at",
                    ),
                ),
                ("paused_by", models.CharField(blank=True, max_length=150, verbose_name="paused by")),
            ],
            options={
                "verbose_name": "barrier",
                "verbose_name_plural": "barriers",
                "indexes": [
                    models.Index(
                        condition=models.Q(("paused_at__isnull", False)), fields=["paused_at"], name="syncgroups_paused"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("barrier_id", "cohort"),
                        name="syncgroups_one_record_per_cohort",
                        violation_error_message="This barrier has a record for this cohort already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ParticipantLinkSyncGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "creation_time",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created"
                    ),
                ),
                (
                    "details",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Anything else the site keeps with this row.",
                        verbose_name="details",
                    ),
                ),
                ("group_type", models.CharField(editable=False, max_length=100, verbose_name="group type")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "arrival_time",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="joined at"
                    ),
                ),
                ("departure_time", models.DateTimeField(blank=True, null=True, verbose_name="left at")),
                ("reason", models.TextField(blank=True, verbose_name="why left")),
                (
                    "ended_by",
                    models.CharField(
                        blank=True, help_text="Who ended it, if a person did.", max_length=150, verbose_name="ended by"
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sync_group_links",
                        to=settings.PARTICIPANT_MODEL,
                        verbose_name="participant",
                    ),
                ),
            ],
            options={
                "verbose_name": "membership",
                "verbose_name_plural": "memberships",
            },
        ),
        migrations.CreateModel(
            name="SyncGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "creation_time",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created"
                    ),
                ),
                (
                    "details",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Anything else the site keeps with this row.",
                        verbose_name="details",
                    ),
                ),
                (
                    "last_processed",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last processed"),
                ),
                (
                    "last_error",
                    models.TextField(
                        blank=True,
                        editable=False,
                        help_text="What the last pass that failed raised. It is tried again by itself.",
                        verbose_name="last error",
                    ),
                ),
                (
                    "last_error_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last error at"),
                ),
                (
                    "error_count",
                    models.PositiveIntegerField(
                        default=0,
                        editable=False,
                        help_text="In a row; zero after a pass that succeeded.",
                        verbose_name="failed passes",
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="public id"),
                ),
                (
                    "kind",
                    models.CharField(
                        default="SyncGroup",
                        editable=False,
                        help_text="Which grouper makes such groups.",
                        max_length=50,
                        verbose_name="kind",
                    ),
                ),
                ("group_type", models.CharField(max_length=100, verbose_name="group type")),
                ("cohort", models.CharField(blank=True, default="", max_length=100, verbose_name="cohort")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("end_time", models.DateTimeField(blank=True, null=True, verbose_name="closed at")),
                ("end_reason", models.TextField(blank=True, verbose_name="why closed")),
                (
                    "ended_by",
                    models.CharField(
                        blank=True,
                        help_text="Who closed it, if a person did.",
                        max_length=150,
                        verbose_name="closed by",
                    ),
                ),
                (
                    "n_active_participants",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="For display and for finding room; decisions count anew.",
                        verbose_name="active members",
                    ),
                ),
                ("initial_group_size", models.PositiveIntegerField(default=1, verbose_name="initial size")),
                (
                    "min_group_size",
                    models.PositiveIntegerField(
                        default=1,
                        help_text="Below this the group passes no group barrier.",
                        verbose_name="minimum size",
                    ),
                ),
                (
                    "max_group_size",
                    models.PositiveIntegerField(
                        blank=True, help_text="Empty: no upper bound.", null=True, verbose_name="maximum size"
                    ),
                ),
                (
                    "join_existing_groups",
                    models.BooleanField(
                        default=False,
                        help_text="Whether later arrivals may join while there is room.",
                        verbose_name="takes newcomers",
                    ),
                ),
                ("failed", models.BooleanField(default=False, verbose_name="failed")),
                ("failed_reason", models.TextField(blank=True, verbose_name="reason for failing")),
                (
                    "leader",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.PARTICIPANT_MODEL,
                        verbose_name="leader",
                    ),
                ),
                (
                    "participants",
                    models.ManyToManyField(
                        related_name="+",
                        through="syncgroups.ParticipantLinkSyncGroup",
                        to=settings.PARTICIPANT_MODEL,
                        verbose_name="participants",
                    ),
                ),
            ],
            options={
                "verbose_name": "group",
                "verbose_name_plural": "groups",
            },
        ),
        migrations.AddField(
            model_name="participantlinksyncgroup",
            name="sync_group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="participant_links",
                to="syncgroups.syncgroup",
                verbose_name="group",
            ),
        ),
        migrations.CreateModel(
            name="ParticipantLinkBarrier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "creation_time",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created"
                    ),
                ),
                (
                    "details",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Anything else the site keeps with this row.",
                        verbose_name="details",
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="public id"),
                ),
                ("barrier_id", models.CharField(max_length=100, verbose_name="barrier")),
                ("cohort", models.CharField(blank=True, default="", max_length=100, verbose_name="cohort")),
                (
                    "visit",
                    models.CharField(
                        blank=True,
                        help_text="Where in the experiment the visit happens, e.g. the round. The same visit never starts anew.",
                        max_length=100,
                        null=True,
                        verbose_name="visit",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("released", "Released"),
                            ("timed_out", "Timed out"),
                            ("failed", "Failed"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="waiting",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                (
                    "arrival_time",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="arrived at"
                    ),
                ),
                ("deadline", models.DateTimeField(verbose_name="waits until")),
                ("departure_time", models.DateTimeField(blank=True, null=True, verbose_name="departed at")),
                ("reason", models.TextField(blank=True, help_text="Why the wait ended.", verbose_name="reason")),
                (
                    "ended_by",
                    models.CharField(
                        blank=True, help_text="Who ended it, if a person did.", max_length=150, verbose_name="ended by"
                    ),
                ),
                (
                    "time_credit",
                    models.FloatField(
                        default=0.0, help_text="Seconds of paid time earned.", verbose_name="time credit"
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="barrier_links",
                        to=settings.PARTICIPANT_MODEL,
                        verbose_name="participant",
                    ),
                ),
                (
                    "sync_group",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="The group with which the participant passes; empty where the barrier does not go by groups.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="barrier_links",
                        to="syncgroups.syncgroup",
                        verbose_name="group",
                    ),
                ),
            ],
            options={
                "verbose_name": "visit",
                "verbose_name_plural": "visits",
            },
        ),
        migrations.CreateModel(
            name="SimpleSyncGroup",
            fields=[],
            options={
                "verbose_name": "simple group",
                "verbose_name_plural": "simple groups",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("syncgroups.syncgroup",),
        ),
        migrations.CreateModel(
            name="WakeUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("barrier_id", models.CharField(max_length=100, verbose_name="barrier")),
                ("cohort", models.CharField(blank=True, default="", max_length=100, verbose_name="cohort")),
                (
                    "due_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="due at"),
                ),
                (
                    "sync_group",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="syncgroups.syncgroup",
                        verbose_name="group",
                    ),
                ),
            ],
            options={
                "verbose_name": "wake-up",
                "verbose_name_plural": "wake-ups",
            },
        ),
        migrations.AddIndex(
            model_name="syncgroup",
            index=models.Index(
                condition=models.Q(("active", True), ("join_existing_groups", True)),
                fields=["group_type", "cohort", "n_active_participants", "id"],
                name="syncgroups_group_with_room",
            ),
        ),
        migrations.AddIndex(
            model_name="syncgroup",
            index=models.Index(condition=models.Q(("active", True)), fields=["id"], name="syncgroups_group_active"),
        ),
        migrations.AddConstraint(
            model_name="syncgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("min_group_size__gte", 1),
                    ("initial_group_size__gte", models.F("min_group_size")),
                    models.Q(
                        ("max_group_size__isnull", True),
                        ("max_group_size__gte", models.F("initial_group_size")),
                        _connector="OR",
                    ),
                ),
                name="syncgroups_group_sizes_in_order",
                violation_error_message="Sizes must satisfy 1 ≤ minimum ≤ initial ≤ maximum.",
            ),
        ),
        migrations.AddConstraint(
            model_name="syncgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("active", True), ("end_time__isnull", True)),
                    models.Q(("active", False), ("end_time__isnull", False)),
                    _connector="OR",
                ),
                name="syncgroups_group_closed_has_end_time",
                violation_error_message="A closed group has an end time, an active one has none.",
            ),
        ),
        migrations.AddConstraint(
            model_name="participantlinksyncgroup",
            constraint=models.UniqueConstraint(
                condition=models.Q(("active", True)),
                fields=("participant", "group_type"),
                name="syncgroups_one_active_group_per_type",
                violation_error_message="The participant is in an active group of this type already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="participantlinksyncgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("active", True), ("departure_time__isnull", True)),
                    models.Q(("active", False), ("departure_time__isnull", False)),
                    _connector="OR",
                ),
                name="syncgroups_ended_membership_has_departure",
                violation_error_message="An ended membership has a departure time, an active one has none.",
            ),
        ),
        migrations.AddIndex(
            model_name="participantlinkbarrier",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["barrier_id", "cohort", "arrival_time", "id"],
                name="syncgroups_waiting_in_order",
            ),
        ),
        migrations.AddIndex(
            model_name="participantlinkbarrier",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["sync_group", "barrier_id"],
                name="syncgroups_waiting_by_group",
            ),
        ),
        migrations.AddIndex(
            model_name="participantlinkbarrier",
            index=models.Index(
                condition=models.Q(("sync_group__isnull", False)),
                fields=["sync_group"],
                name="syncgroups_visits_of_group",
            ),
        ),
        migrations.AddIndex(
            model_name="participantlinkbarrier",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["deadline"], name="syncgroups_waiting_deadline"
            ),
        ),
        migrations.AddConstraint(
            model_name="participantlinkbarrier",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")),
                fields=("participant", "barrier_id"),
                name="syncgroups_one_open_visit",
                violation_error_message="The participant is waiting at this barrier already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="participantlinkbarrier",
            constraint=models.UniqueConstraint(
                fields=("participant", "barrier_id", "visit"),
                name="syncgroups_visit_once",
                violation_error_message="The participant has made this visit already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="participantlinkbarrier",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("departure_time__isnull", True), ("state", "waiting")),
                    models.Q(models.Q(("state", "waiting"), _negated=True), ("departure_time__isnull", False)),
                    _connector="OR",
                ),
                name="syncgroups_departed_visit_has_time",
                violation_error_message="A visit that ended has a departure time, one that goes on has none.",
            ),
        ),
        migrations.AddConstraint(
            model_name="participantlinkbarrier",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "released", "timed_out", "failed", "withdrawn"])),
                name="syncgroups_visit_state_known",
                violation_error_message="Unknown state.",
            ),
        ),
        migrations.AddIndex(
            model_name="wakeup",
            index=models.Index(fields=["barrier_id", "cohort", "sync_group"], name="syncgroups_wakeup_unit"),
        ),
        migrations.AddIndex(
            model_name="wakeup",
            index=models.Index(fields=["due_at"], name="syncgroups_wakeup_due"),
        ),
    ]
