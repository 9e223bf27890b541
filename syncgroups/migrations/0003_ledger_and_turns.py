from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("syncgroups", "0002_presence")]

    operations = [
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
    ]
