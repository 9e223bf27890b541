from typing import Any

from django.db import migrations, models

from ._online import AddConstraintOnline, AddIndexOnline, RemoveConstraintOnline


def indexed(field: str, verbose_name: str) -> migrations.SeparateDatabaseAndState:
    """What ``db_index=True`` does, without a lock. A site that has participants of its own makes its own migration."""
    column = models.DateTimeField(blank=True, db_index=True, editable=False, null=True, verbose_name=verbose_name)
    return migrations.SeparateDatabaseAndState(
        state_operations=[migrations.AlterField("participant", field, column)],
        database_operations=[
            AddIndexOnline("participant", models.Index(fields=[field], name=f"syncgroups_participant_{field}"))
        ],
    )


def tell_older_code(apps: Any, schema_editor: Any) -> None:
    """On the way back: visits end as older code knows it, and keep their reasons."""
    visits = apps.get_model("syncgroups", "ParticipantLinkBarrier")._base_manager.using(schema_editor.connection.alias)
    visits.filter(state="regrouped").update(state="withdrawn")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("syncgroups", "0004_presence_intervals")]

    operations = [
        indexed("quiet_at", "quiet from"),
        indexed("gone_at", "gone from"),
        RemoveConstraintOnline("participantlinkbarrier", "syncgroups_visit_state_known"),
        migrations.RunPython(migrations.RunPython.noop, tell_older_code),
        AddConstraintOnline(
            "participantlinkbarrier",
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["waiting", "released", "timed_out", "failed", "withdrawn", "regrouped"],
                ),
                name="syncgroups_visit_state_known",
                violation_error_message="Unknown state.",
            ),
        ),
    ]
