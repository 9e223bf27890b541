"""What later releases might do to the tables, well or badly."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.models import F, Q, Value
from django.db.models.functions import Now

from .migrating import APP, made_up

VISIT, PERSON, GROUP = "participantlinkbarrier", "participant", "syncgroup"
TABLE = "syncgroups_participantlinkbarrier"


def add(model: str = VISIT, **field: Any) -> migrations.AddField:
    ((name, kind),) = field.items()
    return migrations.AddField(model, f"made_up_{name}", kind)


def check(name: str = "made_up_not_negative") -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(time_credit__gte=0), name=name)


def new_table() -> migrations.CreateModel:
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("visit", models.ForeignKey(f"{APP}.{VISIT}", models.PROTECT, related_name="+")),
        ("participant", models.ForeignKey(f"{APP}.{PERSON}", models.PROTECT, related_name="+")),
        ("text", models.TextField()),
        ("number", models.PositiveIntegerField(unique=True)),
    ]
    return migrations.CreateModel("MadeUp", fields, options={"constraints": [], "indexes": []})


MONEY = models.DecimalField(max_digits=12, decimal_places=3, default=0)
INDEX = models.Index(fields=["visit"], name="made_up_index")

GOOD: dict[str, Migration] = {
    "column with a constant": made_up(add(note=models.CharField(max_length=20, db_default=""))),
    "columns of all kinds": made_up(
        add(level=models.IntegerField(db_default=0)),
        add(odd=models.BooleanField(db_default=False)),
        add(more=models.JSONField(db_default=Value({}, models.JSONField()))),
        add(said=models.TextField(db_default="a ) CHECK (b) UPDATE")),
        add(seen=models.DateTimeField(null=True)),
    ),
    "column with the time of the upgrade": made_up(add(changed_at=models.DateTimeField(db_default=Now()))),
    "new table": made_up(new_table()),
    "new table with an index, and a column": made_up(
        new_table(),
        migrations.AddIndex("madeup", models.Index(fields=["text"], name="made_up_text")),
        add("madeup", due=models.IntegerField()),
        add(note=models.CharField(max_length=20, db_default="")),
    ),
    "optional key without an index": made_up(
        add(GROUP, before=models.ForeignKey(f"{APP}.{VISIT}", models.PROTECT, null=True, db_index=False))
    ),
    "index beside the traffic": made_up(AddIndexConcurrently(VISIT, INDEX), atomic=False),
    "constraint for what is to come": made_up(AddConstraintNotValid(VISIT, check())),
    "index taken away": made_up(migrations.RemoveIndex(VISIT, "syncgroups_visits_of_group")),
}

#: As a release to come might be: columns, and then a table.
A_RELEASE = [
    made_up(*GOOD["columns of all kinds"].operations),
    made_up(*GOOD["new table"].operations, name="9999_made_up_later"),
]

#: Those that hold up whoever comes meanwhile, each with words of what the lint says.
HOLDING_UP: dict[str, tuple[Migration, str]] = {
    "value for each row": (made_up(add(key=models.UUIDField(db_default=RandomUUID()))), "may rewrite the table"),
    "computed column": (
        made_up(
            add(
                twice=models.GeneratedField(
                    expression=F("time_credit") * 2, output_field=models.FloatField(), db_persist=True
                )
            )
        ),
        "rewrites the table",
    ),
    "checked column": (made_up(add(level=models.PositiveIntegerField(db_default=0))), "do without the check"),
    "other type": (made_up(migrations.AlterField(VISIT, "time_credit", MONEY)), "may rewrite the table"),
    "index": (made_up(migrations.AddIndex(VISIT, INDEX)), "CONCURRENTLY"),
    "index in a transaction of its own": (made_up(migrations.AddIndex(VISIT, INDEX), atomic=False), "CONCURRENTLY"),
    "key with an index": (
        made_up(add(GROUP, before=models.ForeignKey(f"{APP}.{VISIT}", models.PROTECT, null=True))),
        "CONCURRENTLY",
    ),
    "unique values": (
        made_up(migrations.AddConstraint(VISIT, models.UniqueConstraint(fields=["public_id", "state"], name="u"))),
        "NOT VALID",
    ),
    "constraint": (made_up(migrations.AddConstraint(VISIT, check())), "NOT VALID"),
    "constraint that is validated at once": (
        made_up(AddConstraintNotValid(VISIT, check()), ValidateConstraint(VISIT, "made_up_not_negative")),
        "stays locked meanwhile",
    ),
    "two tables": (
        made_up(
            add(note=models.CharField(max_length=20, db_default="")),
            add(PERSON, note=models.CharField(max_length=20, db_default="")),
        ),
        "locks several tables",
    ),
}

#: Those after which code of the release before fails.
BREAKING: dict[str, tuple[Migration, str]] = {
    "column without a value": (made_up(add(level=models.IntegerField(default=0))), "takes away the value"),
    "no more empty values": (
        made_up(
            migrations.RunSQL(f"UPDATE {TABLE} SET visit = 'x'"),
            migrations.AlterField(VISIT, "visit", models.CharField(max_length=100)),
        ),
        "may leave the column empty",
    ),
    "column renamed": (made_up(migrations.RenameField(VISIT, "reason", "why")), "renames"),
    "table renamed": (made_up(migrations.RenameModel(VISIT, "Visit")), "renames"),
    "column dropped": (made_up(migrations.RemoveField(VISIT, "ended_by")), "drops a column"),
    "table dropped": (made_up(migrations.DeleteModel("WakeUp")), "drops a table"),
}

#: Others that the lint refuses: they would fail, or do harm where there is more than a row.
REFUSED: dict[str, tuple[Migration, str]] = {
    "column of which nobody knows": (
        made_up(migrations.RunSQL(f'ALTER TABLE {TABLE} ADD COLUMN "default" integer NOT NULL')),
        "adds a column that older code leaves out",
    ),
    "all rows changed": (made_up(migrations.RunSQL(f"UPDATE {TABLE} SET reason = 'x'")), "bit by bit"),
    "table locked": (made_up(migrations.RunSQL(f"LOCK TABLE {TABLE}")), "locks the table"),
}


def fill(apps: Any, editor: Any) -> None:
    apps.get_model(APP, VISIT).objects.using(editor.connection.alias).update(made_up_note="x")


#: What no statement shows before it is executed.
HIDDEN: dict[str, Migration] = {
    "column that is filled at once": made_up(
        add(note=models.CharField(max_length=20, db_default="")), migrations.RunPython(fill)
    ),
}

BAD = HOLDING_UP | BREAKING | REFUSED
