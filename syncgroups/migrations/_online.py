"""Operations that hold up nobody while a site runs: on PostgreSQL, tables are read while others write to them.

They take several statements, none of which may share a transaction with another: for migrations with ``atomic = False``.
"""

from typing import Any

from django.db.migrations.operations import AddConstraint, AddIndex


class AddIndexOnline(AddIndex):
    """As `AddIndex`, ``CONCURRENTLY`` where the database can do that."""

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.add_index(model, self.index, **_concurrently(schema_editor))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.remove_index(model, self.index, **_concurrently(schema_editor))


class AddConstraintOnline(AddConstraint):
    """As `AddConstraint`, for a check that new rows obey at once, and that old ones are looked at for without a lock."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        elif self.allow_migrate_model(schema_editor.connection.alias, model):
            table, name = (schema_editor.quote_name(x) for x in (model._meta.db_table, self.constraint.name))
            schema_editor.execute(f"{self.constraint.create_sql(model, schema_editor)} NOT VALID", params=None)
            schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _concurrently(schema_editor: Any) -> dict[str, bool]:
    return {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
