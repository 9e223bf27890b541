"""The fourth of the four verbs: carry out verdicts. Whatever is touched is locked first and checked again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from .. import signals
from ..models import ParticipantLinkBarrier, SyncGroup
from ..states import LinkState, ParticipantStatus, TimeoutPolicy
from .deciding import Verdict
from .endings import announce_departures, close_locked, end_people, end_visits, settle_locked
from .joining import fill_places, form_groups, require_groupless
from .locks import WorldMoved, lock_participants
from .units import Unit


def act(barrier: Any, cohort: str, verdicts: Sequence[Verdict], groups: dict[int, SyncGroup]) -> set[Unit]:
    """Let through, form, fail and end as decided, in a handful of statements for all verdicts together.

    `groups` are the groups that are locked. Returns the units that have something to decide because of it.
    Raises `WorldMoved` (or `GroupsNeeded`) before anything that could not be undone.
    """
    pks = [pk for verdict in verdicts for pk in verdict.concerned]
    people = lock_participants(pks) if pks else {}
    released = [link for verdict in verdicts for link in verdict.released]
    if not all(people[link.participant_id].is_active for link in released):
        raise WorldMoved
    woken = _settle_stale(verdicts, groups)
    _form_and_fill(barrier, cohort, verdicts, groups)
    end_visits(released, LinkState.RELEASED, "")
    for verdict in verdicts:
        if verdict.released:
            announce_departures(signals.released, barrier.id, cohort, verdict.released, group=_pk(verdict))
    woken |= _close_and_call(barrier, verdicts)
    woken |= _fail(barrier, cohort, verdicts, people, groups)
    return woken


def _settle_stale(verdicts: Sequence[Verdict], groups: dict[int, SyncGroup]) -> set[Unit]:
    """Counts and leaders of the groups at hand are right before anybody is told who leads."""
    stale = []
    for verdict in verdicts:
        group = verdict.scene.group
        if group is not None and group.active:
            members = [member.pk for member in group.active_participants]
            if group.n_active_participants != len(members) or group.leader_id not in members:
                stale.append(group)
    return settle_locked(stale)


def _form_and_fill(barrier: Any, cohort: str, verdicts: Sequence[Verdict], groups: dict[int, SyncGroup]) -> None:
    for verdict in verdicts:
        decision = verdict.decision
        if decision.groups or decision.joins:
            newcomers = [member for proposal in decision.groups for member in proposal.members]
            newcomers += [participant for participant, _ in decision.joins]
            require_groupless(newcomers, barrier.group_type)
        if decision.groups:
            form_groups(barrier, cohort, decision.groups, now=verdict.scene.now)
        if decision.joins:
            fill_places(decision.joins, groups)


def _close_and_call(barrier: Any, verdicts: Sequence[Verdict]) -> set[Unit]:
    """What happens to groups as they go: the closer closes them, ``on_release`` is called. May raise anything."""
    released = [verdict.scene.group for verdict in verdicts if verdict.decision.release]
    going = [group for group in released if group is not None and group.active]
    if barrier.on_release:
        for group in going:
            barrier.call_on_release(group, group.active_participants)
    if barrier.closes_group:
        # What is called may have closed its group already.
        return close_locked([group for group in going if group.active], f"passed '{barrier.id}'")
    return set()


def _fail(
    barrier: Any, cohort: str, verdicts: Sequence[Verdict], people: dict[Any, Any], groups: dict[int, SyncGroup]
) -> set[Unit]:
    """End the waits of those who are at fault, out of time, or gone."""
    woken: set[Unit] = set()
    for verdict in verdicts:
        failing = [people[member.pk] for member in verdict.decision.fail if people[member.pk].is_active]
        if failing:
            _mark_failed(verdict)
            woken |= end_people(failing, groups, reason=verdict.decision.fail_reason)
        _end_strays(verdict.scene.stray.values(), people)
        overdue = [link for link in verdict.overdue if people[link.participant_id].is_active]
        if overdue:
            woken |= _time_out(barrier, overdue, people, groups)
            announce_departures(signals.timed_out, barrier.id, cohort, overdue, group=_pk(verdict))
    return woken


def _time_out(
    barrier: Any, overdue: Sequence[ParticipantLinkBarrier], people: dict[Any, Any], groups: dict[int, SyncGroup]
) -> set[Unit]:
    """End waits whose time is up, as the barrier declares."""
    reason = f"waited too long at barrier '{barrier.id}'"
    if barrier.on_timeout == TimeoutPolicy.RELEASE:
        end_visits(overdue, LinkState.RELEASED, reason)
        return set()
    end_visits(overdue, LinkState.TIMED_OUT, reason)
    late = [people[link.participant_id] for link in overdue]
    if barrier.on_timeout == TimeoutPolicy.LEAVE:
        return end_people(late, groups, status=ParticipantStatus.LEFT, failed=False, reason=reason)
    return end_people(late, groups, reason=reason)


def _mark_failed(verdict: Verdict) -> None:
    """The group failed with its members."""
    if verdict.scene.group is not None:
        rows = SyncGroup.objects.filter(pk=verdict.scene.group.pk)
        rows.update(failed=True, failed_reason=verdict.decision.fail_reason)


def _end_strays(links: Any, people: dict[Any, Any]) -> None:
    """End the visits of people who take part no longer; let through who is merely no longer in the group."""
    endings: dict[tuple[str, str], list[ParticipantLinkBarrier]] = defaultdict(list)
    for link in links:
        endings[_ending_of(people[link.participant_id])].append(link)
    for (state, reason), visits in endings.items():
        end_visits(visits, state, reason)


def _ending_of(person: Any) -> tuple[str, str]:
    if person.is_active:
        return LinkState.RELEASED, "no longer a member of the group"
    if person.failed:
        return LinkState.FAILED, person.failed_reason or "failed"
    return LinkState.WITHDRAWN, person.get_status_display()


def _pk(verdict: Verdict) -> int | None:
    return verdict.scene.group.pk if verdict.scene.group is not None else None
