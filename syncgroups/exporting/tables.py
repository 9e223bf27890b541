"""The tables of an export, as data: a table is added, or a column, by a line here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import models
from django.db.models import F
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..models import (
    AbstractParticipant,
    AuditEntry,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    PresenceInterval,
    get_participant_model,
)
from ..querysets import InSeconds
from .columns import Column, Table

#: Seconds, as a unit.
SECONDS = "s"


def participant(meaning: str | Promise, source: str = "participant__public_id", name: str = "participant_id") -> Column:
    return Column(name, "id", meaning, source, of="participant")


def group(meaning: str | Promise, source: str = "sync_group__public_id") -> Column:
    return Column("group_id", "id", meaning, source, of="group")


def reason(meaning: str | Promise, name: str = "reason") -> Column:
    """In words that somebody may have typed, and in which they may have named somebody."""
    return Column(name, "text", meaning, names=True)


def took(begin: str, end: str) -> Any:
    """Seconds from one time to the other; nothing where one of them is missing."""
    return InSeconds(F(end) - F(begin))


DETAILS = Column("details", "json", _("Whatever else the site keeps with this row."))


def details() -> Sequence[Column]:
    return [DETAILS]


def details_of_participants() -> Sequence[Column]:
    return [*_own_columns(), DETAILS]


KINDS: list[tuple[type[models.Field], str]] = [
    (models.BooleanField, "boolean"),
    (models.IntegerField, "integer"),
    (models.FloatField, "number"),
    (models.DecimalField, "number"),
    (models.DateTimeField, "time"),
    (models.JSONField, "json"),
]


def _own_columns() -> Iterator[Column]:
    """What the site has added to the participant: columns that hold values, and lead nowhere.

    Under names that no other column has: what is called as one of the app's is called ``own_…``.
    """
    taken = {column.name for column in PARTICIPANTS.columns}
    ours = {field.name for field in AbstractParticipant._meta.get_fields()}
    for field in get_participant_model()._meta.concrete_fields:
        if field.name in ours or field.primary_key or field.is_relation:
            continue
        kind = next((kind for type_, kind in KINDS if isinstance(field, type_)), "text")
        name = f"own_{field.name}" if field.name in taken else field.name
        value = Cast(field.attname, models.FloatField()) if isinstance(field, models.DecimalField) else F(field.attname)
        yield Column(name, kind, field.help_text or field.verbose_name, value)


PARTICIPANTS = Table(
    "participants",
    _("Everybody who came, one row each."),
    lambda selection: selection.people(),
    [
        participant(_("The participant."), "public_id"),
        Column("cohort", "text", _("Only participants of the same cohort meet, e.g. those of one session.")),
        Column(
            "status", "text", _("working: takes part; finished: came to the end; left: went before, without fault.")
        ),
        Column("failed", "boolean", _("Whether the participation ended as a failure. Then the status tells nothing.")),
        reason(_("Why it did."), "failed_reason"),
        Column("failed_at", "time", _("When it did."), "time_of_death"),
        Column("ended_by", "text", _("Who ended the participation, if a researcher did.")),
        Column("came_at", "time", _("When the participant came."), "creation_time"),
        Column("last_seen_at", "time", _("Time of the last request, give or take a few seconds.")),
        Column("presence", "text", _("present, quiet or gone, as it was last.")),
        Column("time_credit", "number", _("Paid time earned by waiting at barriers."), unit=SECONDS),
    ],
    details_of_participants,
)

GROUPS = Table(
    "groups",
    _("Groups, one row each."),
    lambda selection: selection.their_groups(),
    [
        group(_("The group."), "public_id"),
        Column("group_type", "text", _("What the group is for: one active group for each participant and type.")),
        Column("kind", "text", _("Which kind of grouper formed it.")),
        Column("cohort", "text", _("The cohort of its members.")),
        Column("active", "boolean", _("Whether the group goes on.")),
        Column("formed_at", "time", _("When it was formed."), "creation_time"),
        Column("closed_at", "time", _("When it was closed."), "end_time"),
        reason(_("Why it was closed."), "end_reason"),
        Column("ended_by", "text", _("Who closed it, if a researcher did.")),
        participant(_("The member who leads."), "leader__public_id", "leader_id"),
        Column("n_active_participants", "integer", _("How many members stand and take part."), unit=_("people")),
        Column("initial_group_size", "integer", _("With how many it was to begin."), unit=_("people")),
        Column("min_group_size", "integer", _("With fewer than that it passes no group barrier."), unit=_("people")),
        Column("max_group_size", "integer", _("More than that it cannot have; empty: no bound."), unit=_("people")),
        Column("takes_newcomers", "boolean", _("Whether later arrivals may join."), "join_existing_groups"),
        Column("failed", "boolean", _("Whether the group failed with its members.")),
        reason(_("Why it did."), "failed_reason"),
    ],
    details,
)

MEMBERSHIPS = Table(
    "memberships",
    _("Who was in which group from when to when: one row for each participant and group."),
    lambda selection: selection.of_people(ParticipantLinkSyncGroup),
    [
        participant(_("Who.")),
        group(_("In which group.")),
        Column("group_type", "text", _("The type of the group.")),
        Column("cohort", "text", _("The cohort of the group."), "sync_group__cohort"),
        Column("active", "boolean", _("Whether the membership goes on.")),
        Column("joined_at", "time", _("When it began."), "arrival_time"),
        Column("left_at", "time", _("When it ended."), "departure_time"),
        reason(_("Why it ended.")),
        Column("ended_by", "text", _("Who ended it, if a researcher did.")),
    ],
    details,
)

VISITS = Table(
    "visits",
    _("Each time that somebody came to a barrier: one row for each wait."),
    lambda selection: selection.of_people(ParticipantLinkBarrier),
    [
        Column("visit_id", "id", _("The visit."), "public_id", of="visit"),
        participant(_("Who waited.")),
        group(_("With which group; empty where the barrier does not go by groups.")),
        Column("barrier", "text", _("At which barrier."), "barrier_id"),
        Column("cohort", "text", _("In which cohort.")),
        Column("visit", "text", _("Where in the experiment the visit happened, e.g. the round; may be empty.")),
        Column(
            "outcome",
            "text",
            _(
                "waiting: not over yet; released: let through; timed_out: waited for too long; failed: was failed"
                " meanwhile; withdrawn: left or finished meanwhile; regrouped: sent back to be grouped."
            ),
            "state",
        ),
        reason(_("Why the wait ended; empty where the rule let the participant through.")),
        Column("ended_by", "text", _("Who ended it, if a researcher did.")),
        Column("arrived_at", "time", _("When the wait began."), "arrival_time"),
        Column("deadline", "time", _("Until when it could last at most, pauses and extensions included.")),
        Column("departed_at", "time", _("When it ended."), "departure_time"),
        Column(
            "waited",
            "number",
            _("How long it took. Empty while it goes on."),
            took("arrival_time", "departure_time"),
            SECONDS,
        ),
        Column("waited_for_match", "number", _("Of that: waiting to be grouped."), unit=SECONDS),
        Column(
            "waited_for_others",
            "number",
            _("Of that: waiting for members of the group, or for the rule."),
            unit=SECONDS,
        ),
        Column("paused_for", "number", _("Of that: while a researcher held the barrier."), unit=SECONDS),
        Column("time_credit", "number", _("Paid time that the wait earned."), unit=SECONDS),
        Column("extensions", "integer", _("How often the participant chose to wait for longer."), unit=_("times")),
        Column("turns", "integer", _("Pages of the waiting logic that were completed."), unit=_("pages")),
        Column(
            "place_since", "time", _("Of somebody who was sent back: since when they had their place in the queue.")
        ),
    ],
    details,
)

PRESENCE = Table(
    "presence",
    _("When somebody was present, quiet or gone: one row for each time. Begins with the first sign of life."),
    lambda selection: selection.of_people(PresenceInterval),
    [
        participant(_("Who.")),
        Column("cohort", "text", _("The participant's cohort."), "participant__cohort"),
        Column(
            "state",
            "text",
            _("present: gave signs of life; quiet: silent for a while; gone: for so long as to be absent."),
        ),
        Column("began_at", "time", _("From when.")),
        Column("ended_at", "time", _("Until when; empty while it goes on.")),
        Column("lasted", "number", _("How long. Empty while it goes on."), took("began_at", "ended_at"), SECONDS),
    ],
)

AUDIT = Table(
    "audit",
    _("What researchers did, one row for each deed."),
    lambda selection: selection.concerning(AuditEntry),
    [
        Column("done_at", "time", _("When."), "time"),
        Column("by", "text", _("Who did it: the name of a user.")),
        Column("verb", "text", _("What was done.")),
        reason(_("Why, in the researcher's words.")),
        Column("cohort", "text", _("In which cohort.")),
        Column("barrier", "text", _("At which barrier; may be empty."), "barrier_id"),
        participant(_("To whom; may be empty.")),
        group(_("To which group; may be empty.")),
        Column("with", "json", _("With what, e.g. how many seconds or which text."), "details", names=True),
        Column("before", "json", _("What was so before."), names=True),
        Column("after", "json", _("What was so afterwards."), names=True),
    ],
)

#: By name, in the order in which they are written.
TABLES = {table.name: table for table in (PARTICIPANTS, GROUPS, MEMBERSHIPS, VISITS, PRESENCE, AUDIT)}
