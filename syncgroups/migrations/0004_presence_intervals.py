import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from syncgroups.conf import settings


class Migration(migrations.Migration):
    dependencies = [
        ("syncgroups", "0003_ledger_and_turns"),
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
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="presence_intervals",
                        to=settings.PARTICIPANT_MODEL,
                        verbose_name="participant",
                    ),
                ),
            ],
            options={
                "verbose_name": "interval of presence",
                "verbose_name_plural": "intervals of presence",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("participant",),
                        name="syncgroups_one_presence_at_a_time",
                        violation_error_message="The participant has an interval of presence that goes on.",
                    ),
                ],
            },
        ),
    ]
