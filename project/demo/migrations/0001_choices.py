import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from syncgroups.conf import settings


class Migration(migrations.Migration):
    initial = True

    # By hand: a generated migration reads the setting where it may be absent.
    dependencies = [
        ("syncgroups", "0001_initial"),
        migrations.swappable_dependency(settings.PARTICIPANT_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Choice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("round", models.PositiveSmallIntegerField(verbose_name="round")),
                (
                    "move",
                    models.CharField(
                        choices=[("rock", "Rock"), ("paper", "Paper"), ("scissors", "Scissors")],
                        max_length=10,
                        verbose_name="move",
                    ),
                ),
                (
                    "points",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="How many others it beat; empty until it is scored.",
                        null=True,
                        verbose_name="points",
                    ),
                ),
                (
                    "creation_time",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="chosen at"
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="choices",
                        to="syncgroups.syncgroup",
                        verbose_name="group",
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="choices",
                        to=settings.PARTICIPANT_MODEL,
                        verbose_name="participant",
                    ),
                ),
            ],
            options={
                "verbose_name": "choice",
                "verbose_name_plural": "choices",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("participant", "group", "round"),
                        name="demo_one_choice_per_round",
                        violation_error_message="The participant has chosen in this round already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("move__in", ["rock", "paper", "scissors"])),
                        name="demo_move_known",
                        violation_error_message="Unknown move.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("round__gte", 1)),
                        name="demo_rounds_count_from_one",
                        violation_error_message="The first round has the number 1.",
                    ),
                ],
            },
        ),
    ]
