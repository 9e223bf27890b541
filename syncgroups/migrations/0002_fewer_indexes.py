import django.db.models.deletion
from django.db import migrations, models

from syncgroups.conf import settings


class Migration(migrations.Migration):
    """Drop indexes that others stand in for: each one is written with every arrival and with every release."""

    # By hand: see the migration before.
    dependencies = [
        ("syncgroups", "0001_initial"),
        migrations.swappable_dependency(settings.PARTICIPANT_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="participantlinkbarrier",
            index=models.Index(
                condition=models.Q(("sync_group__isnull", False)),
                fields=["sync_group"],
                name="syncgroups_visits_of_group",
            ),
        ),
        migrations.AlterField(
            model_name="participantlinkbarrier",
            name="participant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="barrier_links",
                to=settings.PARTICIPANT_MODEL,
                verbose_name="participant",
            ),
        ),
        migrations.AlterField(
            model_name="participantlinkbarrier",
            name="sync_group",
            field=models.ForeignKey(
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
        migrations.AlterField(
            model_name="syncgroup",
            name="leader",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.PARTICIPANT_MODEL,
                verbose_name="leader",
            ),
        ),
    ]
