import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from syncgroups.conf import settings


class Migration(migrations.Migration):
    dependencies = [
        ("syncgroups", "0007_messages"),
        migrations.swappable_dependency(settings.PARTICIPANT_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="public id"),
                ),
                (
                    "time",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="time"),
                ),
                ("by", models.CharField(help_text="Name of the user.", max_length=150, verbose_name="by")),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("fail", "Fail"),
                            ("leave", "Let leave"),
                            ("release", "Release"),
                            ("form_group", "Form a group"),
                            ("add_member", "Add a member"),
                            ("remove_member", "Remove a member"),
                            ("move_member", "Move a member"),
                            ("replace_member", "Replace a member"),
                            ("elect_leader", "Elect a leader"),
                            ("close_group", "Close the group"),
                            ("put_off", "Give more time"),
                            ("pause", "Pause"),
                            ("resume", "Resume"),
                            ("process", "Process now"),
                            ("message", "Send a message"),
                        ],
                        max_length=20,
                        verbose_name="what",
                    ),
                ),
                ("reason", models.TextField(verbose_name="reason")),
                ("cohort", models.CharField(blank=True, default="", max_length=100, verbose_name="cohort")),
                ("barrier_id", models.CharField(blank=True, default="", max_length=100, verbose_name="barrier")),
                (
                    "details",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="With what, e.g. how many seconds or which text.",
                        verbose_name="details",
                    ),
                ),
                ("before", models.JSONField(blank=True, default=dict, verbose_name="before")),
                ("after", models.JSONField(blank=True, default=dict, verbose_name="after")),
                (
                    "participant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="audit_entries",
                        to=settings.PARTICIPANT_MODEL,
                        verbose_name="participant",
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
                "indexes": [models.Index(fields=["cohort", "time"], name="syncgroups_audit_cohort")],
            },
        ),
    ]
