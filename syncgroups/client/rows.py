"""What researchers' programs are told, row by row: plain dictionaries, as they come."""

from __future__ import annotations

from typing import Any, TypedDict


class Fact(TypedDict):
    code: str
    level: str
    sentence: str


class Explanation(TypedDict):
    """Without the moment, which ``Date`` says: the same facts are the same text, and the same ETag."""

    about: str
    level: str
    facts: list[Fact]


class Member(TypedDict):
    """Somebody who is or was in a group."""

    participant: str
    active: bool
    arrival_time: str
    departure_time: str | None
    reason: str
    ended_by: str


class ParticipantRow(TypedDict):
    """A participant, with the public ids of the active groups, and the barriers where they wait."""

    public_id: str
    cohort: str
    status: str
    failed: bool
    failed_reason: str
    time_of_death: str | None
    ended_by: str
    presence: str
    page_hidden: bool
    last_seen_at: str | None
    time_credit: float
    groups: list[str]
    waits_at: list[str]
    facts: dict[str, str]
    details: Any
    creation_time: str


class GroupRow(TypedDict):
    """A group, with everybody who is or was a member, in the order in which they joined."""

    public_id: str
    group_type: str
    kind: str
    cohort: str
    active: bool
    leader: str | None
    members: list[Member]
    n_active_participants: int
    min_group_size: int
    initial_group_size: int
    max_group_size: int | None
    join_existing_groups: bool
    failed: bool
    failed_reason: str
    end_time: str | None
    end_reason: str
    ended_by: str
    paused: bool
    paused_at: str | None
    paused_by: str
    last_processed: str | None
    last_error: str
    last_error_at: str | None
    error_count: int
    facts: dict[str, str]
    details: Any
    creation_time: str


class Barrier(TypedDict):
    """A barrier in one cohort: how many wait there, since when, and until when the first of them."""

    barrier_id: str
    cohort: str
    declared: bool
    n_waiting: int
    waiting_since: str | None
    next_deadline: str | None
    paused: bool
    paused_at: str | None
    paused_by: str
    last_processed: str | None
    last_error: str
    last_error_at: str | None
    error_count: int
    facts: dict[str, str]


class OneBarrier(Barrier):
    """As in the list, and with what is so of the whole cohort."""

    facts_of_cohort: dict[str, str]


class VisitRow(TypedDict):
    """One participant's visit to one barrier, open or ended."""

    public_id: str
    participant: str
    barrier_id: str
    cohort: str
    group: str | None
    visit: str | None
    state: str
    arrival_time: str
    deadline: str
    departure_time: str | None
    reason: str
    ended_by: str
    time_credit: float
    waited_for_match: float
    waited_for_others: float
    paused_for: float
    extensions: int
    turns: int
    message: str
    facts: dict[str, str]
    details: Any


class Entry(TypedDict):
    """One thing that a researcher did, to whom and why."""

    public_id: str
    time: str
    by: str
    verb: str
    reason: str
    participant: str | None
    group: str | None
    barrier_id: str
    cohort: str
    details: Any
    before: Any
    after: Any
