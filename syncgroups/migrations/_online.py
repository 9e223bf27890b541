"""Operations that hold up nobody while a site runs: on PostgreSQL, tables are read while others write to them.

They take several statements, none of which may share a transaction with another: for migrations with ``atomic = False``.
What was interrupted, e.g. since it would have had to wait for a lock, is repeated: each begins by taking away what an
earlier try has left behind. Databases that copy a table for it do that in one transaction, or not at all.
"""

from typing import Any

from django.db.migrations.operations import AddConstraint, AddIndex, RemoveConstraint
from django.db.transaction import atomic


class AddIndexOnline(AddIndex):
    """As `AddIndex`, ``CONCURRENTLY`` where the database can do that."""

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            self._drop(schema_editor)
            concurrently = {"concurrently": True} if _is_postgresql(schema_editor) else {}
            schema_editor.add_index(model, self.index, **concurrently)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            self._drop(schema_editor)

    def _drop(self, schema_editor: Any) -> None:
        how = "CONCURRENTLY " if _is_postgresql(schema_editor) else ""
        schema_editor.execute(f"DROP INDEX {how}IF EXISTS {schema_editor.quote_name(self.index.name)}")


class _CheckOnline:
    """What adding and removing a check have in common: each is the other's way back."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if _is_postgresql(schema_editor):
            self._forwards(app_label, schema_editor, to_state)
        else:
            with atomic(schema_editor.connection.alias):
                super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if _is_postgresql(schema_editor):
            self._backwards(app_label, schema_editor, to_state)
        else:
            with atomic(schema_editor.connection.alias):
                super().database_backwards(app_label, schema_editor, from_state, to_state)

    def _add(self, app_label: str, schema_editor: Any, state: Any, name: str) -> None:
        model = state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            constraint = state.models[app_label, self.model_name_lower].get_constraint_by_name(name)
            table, quoted = (schema_editor.quote_name(x) for x in (model._meta.db_table, name))
            self._drop(app_label, schema_editor, state, name)
            schema_editor.execute(f"{constraint.create_sql(model, schema_editor)} NOT VALID", params=None)
            schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {quoted}")

    def _drop(self, app_label: str, schema_editor: Any, state: Any, name: str) -> None:
        model = state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            table, quoted = (schema_editor.quote_name(x) for x in (model._meta.db_table, name))
            schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {quoted}")


class AddConstraintOnline(_CheckOnline, AddConstraint):
    """As `AddConstraint`, for a check that new rows obey at once, and that old ones are looked at for without a lock."""

    def _forwards(self, app_label: str, schema_editor: Any, state: Any) -> None:
        self._add(app_label, schema_editor, state, self.constraint.name)

    def _backwards(self, app_label: str, schema_editor: Any, state: Any) -> None:
        self._drop(app_label, schema_editor, state, self.constraint.name)


class RemoveConstraintOnline(_CheckOnline, RemoveConstraint):
    """As `RemoveConstraint`, for a check."""

    def _forwards(self, app_label: str, schema_editor: Any, state: Any) -> None:
        self._drop(app_label, schema_editor, state, self.name)

    def _backwards(self, app_label: str, schema_editor: Any, state: Any) -> None:
        self._add(app_label, schema_editor, state, self.name)


def _is_postgresql(schema_editor: Any) -> bool:
    vendor: str = schema_editor.connection.vendor
    return vendor == "postgresql"
