import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from syncgroups.conf import settings


class Migration(migrations.Migration):
    # Columns and a table, which nobody waits for; what takes a look at all rows is in the next migration.
    dependencies = [
        ("syncgroups", "0001_initial"),
        migrations.swappable_dependency(settings.PARTICIPANT_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PresenceInterval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("present", "Present"), ("quiet", "Quiet"), ("gone", "Gone")],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "began_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="began at"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
            ],
            options={
                "verbose_name": "interval of presence",
                "verbose_name_plural": "intervals of presence",
            },
        ),
        migrations.AddField(
            model_name="participant",
            name="gone_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="gone from"),
        ),
        migrations.AddField(
            model_name="participant",
            name="page_hidden",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="Whether the page has said that nobody sees it: another tab is in front, or the phone is locked.",
                verbose_name="page hidden",
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="presence",
            field=models.CharField(
                choices=[("present", "Present"), ("quiet", "Quiet"), ("gone", "Gone")],
                db_default="present",
                default="present",
                editable=False,
                help_text="Whether requests of the participant's page come in.",
                max_length=10,
                verbose_name="presence",
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="quiet_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="quiet from"),
        ),
        migrations.AddField(
            model_name="participantlinkbarrier",
            name="extensions",
            field=models.IntegerField(
                db_default=0,
                default=0,
                help_text="How often the participant has asked for more time.",
                verbose_name="extensions",
            ),
        ),
        migrations.AddField(
            model_name="participantlinkbarrier",
            name="paused_for",
            field=models.FloatField(
                db_default=0.0,
                default=0.0,
                help_text="Seconds for which a researcher held the barrier.",
                verbose_name="paused for",
            ),
        ),
        migrations.AddField(
            model_name="participantlinkbarrier",
            name="place_since",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Of somebody who was sent back to be grouped: since when they have their place in the queue.",
                null=True,
                verbose_name="place since",
            ),
        ),
        migrations.AddField(
            model_name="participantlinkbarrier",
            name="turns",
            field=models.IntegerField(
                db_default=0,
                default=0,
                help_text="Pages of the waiting logic that have been completed.",
                verbose_name="turns",
            ),
        ),
        migrations.AddField(
            model_name="participantlinkbarrier",
            name="waited_for_match",
            field=models.FloatField(
                db_default=0.0,
                default=0.0,
                help_text="Seconds spent waiting to be grouped, known once the visit has ended.",
                verbose_name="waited for a match",
            ),
        ),
        migrations.AddField(
            model_name="participantlinkbarrier",
            name="waited_for_others",
            field=models.FloatField(
                db_default=0.0,
                default=0.0,
                help_text="Seconds spent waiting for the members of the group, or for the rule of the barrier.",
                verbose_name="waited for others",
            ),
        ),
        migrations.AlterField(
            model_name="participantlinkbarrier",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("released", "Released"),
                    ("timed_out", "Timed out"),
                    ("failed", "Failed"),
                    ("withdrawn", "Withdrawn"),
                    ("regrouped", "Sent back to be grouped"),
                ],
                default="waiting",
                max_length=20,
                verbose_name="state",
            ),
        ),
        migrations.AddField(
            model_name="presenceinterval",
            name="participant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="presence_intervals",
                to=settings.PARTICIPANT_MODEL,
                verbose_name="participant",
            ),
        ),
        migrations.AddConstraint(
            model_name="presenceinterval",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("participant",),
                name="syncgroups_one_presence_at_a_time",
                violation_error_message="The participant has an interval of presence that goes on.",
            ),
        ),
    ]
