"""Who is on the sites that are fuzzed: people in two cohorts, in groups, waiting, failed and gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings as site
from django.core import signing
from django.db import connection, transaction
from django.test import Client

from project.shared.forms import TICKET_SALT
from syncgroups import testing
from syncgroups.identity import issue_token
from tests.acceptance.demo_windows import Window, pair, play_round
from tests.acceptance.participant_site import everything_stored, make_pair

PEOPLE = "syncgroups.Participant"
GROUPS = "syncgroups.SyncGroup"
MEMBERSHIPS = "syncgroups.ParticipantLinkSyncGroup"
SESSIONS = "sessions.Session"
#: Anybody's arrival adds to it, and it names nobody.
WAKE_UPS = "syncgroups.WakeUp"

Rows = dict[str, list[dict[str, Any]]]
Owners = frozenset[str]
Headers = dict[str, str]


@dataclass
class Scene:
    """What signs somebody in, by the public ids of those whom it signs in; and what there is before a request."""

    tokens: dict[str, Owners] = field(default_factory=dict)
    sessions: dict[str, Owners] = field(default_factory=dict)
    tickets: dict[str, Owners] = field(default_factory=dict)
    #: Whether the site asks browsers only.
    by_session: bool = False
    #: Those who may still change something, and what is stored before a request.
    active: Owners = frozenset()
    stored: Rows = field(default_factory=dict)

    def look(self, *newcomers: str) -> None:
        """Take note of what is stored now."""
        self.stored = everything_stored()
        people = [row for row in self.stored[PEOPLE] if row["status"] == "working" and not row["failed"]]
        self.active = frozenset([*newcomers, *(str(row["public_id"]) for row in people)])

    @property
    def signed_in(self) -> list[Headers]:
        """What people on this site send with their requests, in the words of WSGI."""
        if self.by_session:
            return [{"HTTP_COOKIE": f"{site.SESSION_COOKIE_NAME}={key}"} for key in self.sessions]
        return [{"HTTP_AUTHORIZATION": f"Participant {token}"} for token in self.tokens]

    def owners(self, request: str) -> Owners:
        """Everybody who is signed in by anything that a request contains."""
        secrets = self.tokens | self.sessions | self.tickets
        return frozenset().union(*(owners for secret, owners in secrets.items() if secret in request))

    def names_of_others(self, owners: Owners) -> set[str]:
        """Everything by which anybody else, or a group that none of the owners is in, can be told."""
        people = [row["public_id"] for row in self.stored[PEOPLE] if str(row["public_id"]) not in owners]
        groups = [row["public_id"] for row in groups_without(self.stored, owners)]
        short = {f"P-{str(public_id)[:8]}" for public_id in people}
        return short | {str(name) for name in people + groups} | {name.hex for name in people + groups}

    def rows_of_others(self, rows: Rows, request: str) -> Rows:
        """What a request of these owners has no business with."""
        owners = self.owners(request)
        mine = members(rows, owners)
        kept = {label: [row for row in table if belonging(row) not in mine] for label, table in rows.items()}
        kept[PEOPLE] = [row for row in rows[PEOPLE] if row["id"] not in mine]
        kept[GROUPS] = groups_without(rows, owners)
        known = {row["session_key"] for row in self.stored[SESSIONS]}
        foreign = [key for key in known if key not in request]
        kept[SESSIONS] = [row for row in rows[SESSIONS] if row["session_key"] in foreign]
        kept[WAKE_UPS] = []
        return kept


def belonging(row: dict[str, Any]) -> Any:
    return row.get("participant_id")


def members(rows: Rows, owners: Owners) -> set[Any]:
    return {row["id"] for row in rows[PEOPLE] if str(row["public_id"]) in owners}


def groups_without(rows: Rows, owners: Owners) -> list[dict[str, Any]]:
    mine = members(rows, owners)
    own = {link["sync_group_id"] for link in rows[MEMBERSHIPS] if link["participant_id"] in mine}
    return [row for row in rows[GROUPS] if row["id"] not in own]


def without_sessions(rows: Rows) -> Rows:
    return {label: table for label, table in rows.items() if label != SESSIONS}


class Statements:
    """Notes whether anything but questions is put to the database."""

    may_change = False

    def __call__(self, execute: Any, sql: str, *args: Any) -> Any:
        self.may_change |= not sql.lstrip(" (").startswith(("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK"))
        return execute(sql, *args)


@contextmanager
def watched() -> Iterator[Statements]:
    """The statements meanwhile: only where one may change something is it worth a look at every table."""
    statements = Statements()
    with connection.execute_wrapper(statements):
        yield statements


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens meanwhile has not happened afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def session_of(participant: Any) -> str:
    """The key of a browser session that remembers the participant."""
    client = Client()
    client.get(f"/enter/{issue_token(participant)}/")
    return client.cookies[site.SESSION_COOKIE_NAME].value


def people_of_the_small_site() -> Scene:
    """For `tests.acceptance.participant_site`: a pair, two who wait elsewhere, and three whose part has ended."""
    grouped = make_pair()
    newcomer, *ended = testing.make_participants(4)
    waiting = testing.make_participants(1, cohort="monday") + testing.make_participants(1, cohort="tuesday")
    testing.arrive_all(waiting, "pair_grouper", visit="")
    testing.arrive_all(grouped[:1], "together", visit="")
    for participant, end in zip(ended, ("fail", "leave", "finish"), strict=True):
        getattr(participant, end)("over")
    everybody = [*grouped, newcomer, *waiting, *ended]
    own = {person.pk: frozenset([str(person.public_id)]) for person in everybody}
    scene = Scene(
        tokens={issue_token(person): own[person.pk] for person in everybody},
        sessions={session_of(person): own[person.pk] for person in (grouped[1], waiting[1], ended[0])},
    )
    scene.look()
    return scene


def people_of_the_demo() -> Scene:
    """For `project.demo`: a pair that plays, two players of one browser, and others elsewhere in the experiment."""
    playing, both = pair(), pair(one_browser=True)
    play_round(both, 1)
    waiting, gone = Window.agreeing(cohort="monday"), Window.agreeing()
    waiting.open()
    gone.send("leave")
    windows = [*playing, *both, waiting, gone]
    scene = Scene(by_session=True)
    for window in windows:
        person, key = window.participant, window.client.cookies[site.SESSION_COOKIE_NAME].value
        own = frozenset([str(person.public_id)])
        scene.tokens[issue_token(person)] = own
        scene.tickets[ticket_for(person.public_id)] = own
        scene.sessions[key] = scene.sessions.get(key, frozenset()) | own
    newcomer = "5f1b7d1c-0000-4000-8000-00000000000f"
    scene.tickets[ticket_for(newcomer)] = frozenset([newcomer])
    scene.look(newcomer)
    return scene


def ticket_for(public_id: Any) -> str:
    return signing.dumps(str(public_id), salt=TICKET_SALT)
