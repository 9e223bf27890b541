"""The database of a run: the site's own table, and what is read in the end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from .record import Row
from .site import Site

#: The trigger makes the commit itself last, where somebody is to die in its middle.
EFFECTS = """
CREATE TABLE chaos_effect (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    barrier_id text NOT NULL,
    group_id bigint NOT NULL,
    visits bigint[] NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION chaos_linger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(coalesce(nullif(current_setting('chaos.linger', true), ''), '0')::float);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER chaos_linger AFTER INSERT ON chaos_effect DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION chaos_linger();
"""

#: What is read at the end, by name. Times become seconds.
TABLES = {
    "participants": "syncgroups_participant",
    "groups": "syncgroups_syncgroup",
    "memberships": "syncgroups_participantlinksyncgroup",
    "visits": "syncgroups_participantlinkbarrier",
    "presence": "syncgroups_presenceinterval",
    "effects": "chaos_effect",
}
TIMES = """
SELECT column_name FROM information_schema.columns
WHERE table_name = %s AND data_type = 'timestamp with time zone'
"""


def store_rows(site: Site, folder: Path) -> None:
    """Read the tables, and keep them with the histories."""
    rows = {name: _table(site, table) for name, table in TABLES.items()}
    (folder / "rows.json").write_text(json.dumps(rows, indent=1))


def _table(site: Site, table: str) -> list[Row]:
    times = [name for (name,) in site.ask(TIMES, table)]
    instead: Iterable[str] = (f"'{name}', extract(epoch FROM {name})::float" for name in times)
    built = f"to_jsonb(t) || jsonb_build_object({', '.join(instead)})"
    return [row for (row,) in site.ask(f"SELECT {built} FROM {table} AS t ORDER BY id")]
