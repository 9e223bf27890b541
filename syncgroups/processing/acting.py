"""The fourth of the four verbs: carry out verdicts. Whatever is touched is locked first and checked again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery

from .. import registry, signals
from ..exceptions import SpoiledTransaction
from ..models import ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup
from ..prepared import Among, prepared
from ..push import publish
from ..states import LinkState, ParticipantStatus, TimeoutPolicy
from .absence import require_still_absent, require_still_present
from .deciding import Verdict
from .endings import NO_MEMBER, end_memberships, end_people, end_visits, require_locked_groups
from .hints import onlookers
from .joining import fill_places, form_groups, require_groupless
from .locks import WorldMoved, load_participants, lock_active
from .looking import untie
from .refusals import CallFailed, may_start_over
from .regrouping import regroup
from .settling import announce_departures, announce_each, close_locked, settle_locked
from .units import Unit, wake


def act(barrier: Any, cohort: str, verdicts: Sequence[Verdict], groups: dict[int, SyncGroup]) -> set[Unit]:
    """Let through, form, fail and end as decided, in a handful of statements for all verdicts together.

    `groups` are the groups that are locked. Returns the units that have something to decide because of it.
    Raises `WorldMoved` (or `GroupsNeeded`) before any code of the site has run.
    """
    active = lock_active([pk for verdict in verdicts for pk in verdict.concerned])
    going_on = (link for verdict in verdicts for link in (*verdict.released, *verdict.regrouped))
    if not all(link.participant_id in active for link in going_on):
        raise WorldMoved
    _require_still_late([link.pk for verdict in verdicts for link in verdict.scene.overdue()])
    require_still_present(barrier, verdicts, active)
    require_still_absent(barrier, verdicts, active)
    require_locked_groups(_who_parts(verdicts), groups)
    people = load_participants([pk for verdict in verdicts for pk in verdict.ended])
    woken = _settle_stale(verdicts)
    woken |= _form_and_fill(barrier, cohort, verdicts, groups)
    woken |= _end(barrier, cohort, verdicts, people, groups)
    woken |= _let_go(barrier, cohort, verdicts)
    publish(onlookers(verdicts))
    return woken | _call_and_close(barrier, verdicts)


def _require_still_late(visits: Sequence[int]) -> None:
    """Raise `WorldMoved` if somebody whose time was up, and who is locked, has been given more time meanwhile."""
    if visits and len(_late(visits)) < len(visits):
        raise WorldMoved


@prepared
def _late(visits: Any) -> Any:
    return ParticipantLinkBarrier.objects.filter(Among("pk", visits)).overdue().order_by().values_list("pk")


def _who_parts(verdicts: Sequence[Verdict]) -> list[Any]:
    """Primary keys of those who are about to leave their groups, for whatever reason."""
    decisions = [verdict.decision for verdict in verdicts]
    named = [member.pk for d in decisions for member in (*d.fail, *d.leave, *d.regroup)]
    late = (link.participant_id for v in verdicts for link in v.overdue if v.policy(link) != TimeoutPolicy.RELEASE)
    return [*named, *late]


def _settle_stale(verdicts: Sequence[Verdict]) -> set[Unit]:
    """Counts and leaders of the groups at hand are right before anybody is told who leads."""
    stale = []
    for verdict in verdicts:
        group = verdict.scene.group
        if group is not None and group.active:
            members = [member.pk for member in group.active_participants]
            if group.n_active_participants != len(members) or group.leader_id not in members:
                stale.append(group)
    return settle_locked(stale)


def _form_and_fill(barrier: Any, cohort: str, verdicts: Sequence[Verdict], groups: dict[int, SyncGroup]) -> set[Unit]:
    woken: set[Unit] = set()
    for verdict in verdicts:
        decision = verdict.decision
        newcomers = [member for proposal in decision.groups for member in proposal.members]
        newcomers += [participant for participant, _ in decision.joins]
        if not newcomers:
            continue
        require_groupless(newcomers, barrier.group_type)
        if decision.groups:
            form_groups(barrier, cohort, decision.groups, now=verdict.scene.now)
        if decision.joins:
            fill_places(decision.joins, groups)
        woken |= let_through_elsewhere(barrier, newcomers)
    return woken


def _let_go(barrier: Any, cohort: str, verdicts: Sequence[Verdict]) -> set[Unit]:
    """End the visits of those who go on. Where others stay behind, the rule may have more to say."""
    pools = end_visits([link for verdict in verdicts for link in verdict.released], LinkState.RELEASED, "")
    for verdict in verdicts:
        if verdict.released:
            announce_departures(signals.released, barrier.id, cohort, verdict.released, group=_pk(verdict))
    if not any(verdict.leaves_some_behind for verdict in verdicts):
        return set()
    wake(pools)
    return pools


def let_through_elsewhere(barrier: Any, newcomers: Sequence[Any]) -> set[Unit]:
    """Nobody keeps waiting at one grouper to be grouped when another one of the type has done so."""
    others = [grouper.id for grouper in registry.groupers_of(barrier.group_type) if grouper.id != barrier.id]
    if not others:
        return set()
    visits = ParticipantLinkBarrier.objects.waiting().filter(barrier_id__in=others)
    links = list(visits.filter(participant__in=[person.pk for person in newcomers]))
    pools = end_visits(links, LinkState.RELEASED, f"grouped at '{barrier.id}'", maybe_paused=True)
    announce_each(signals.released, links)
    wake(pools)
    return pools


def _end(
    barrier: Any, cohort: str, verdicts: Sequence[Verdict], people: dict[Any, Any], groups: dict[int, SyncGroup]
) -> set[Unit]:
    """End the waits of those who are at fault, out of time, or gone."""
    failing: dict[str, dict[Any, Any]] = defaultdict(dict)
    leaving: dict[str, dict[Any, Any]] = defaultdict(dict)
    for decision in (verdict.decision for verdict in verdicts):
        for members, reason, ending in (
            (decision.fail, decision.fail_reason, failing),
            (decision.leave, decision.reason, leaving),
        ):
            ending[reason].update({member.pk: people[member.pk] for member in members if people[member.pk].is_active})
    woken: set[Unit] = set()
    for reason, persons in failing.items():
        _mark_failed([v for v in verdicts if v.decision.fail and v.decision.fail_reason == reason], reason)
        woken |= end_people(list(persons.values()), groups, reason=reason)
    for reason, persons in leaving.items():
        woken |= end_people(list(persons.values()), groups, status=ParticipantStatus.LEFT, failed=False, reason=reason)
    woken |= regroup(barrier, cohort, [verdict for verdict in verdicts if verdict.regrouped])
    _end_strays([link for verdict in verdicts for link in verdict.scene.stray.values()], people)
    return woken | _time_out(barrier, cohort, verdicts, people, groups)


def _mark_failed(verdicts: Sequence[Verdict], reason: str) -> None:
    """A group has failed when members of it have, and nobody of it goes on."""
    failed = [v.scene.group for v in verdicts if not (v.decision.release or v.decision.regroup)]
    pks = [group.pk for group in failed if group is not None]
    if pks:
        SyncGroup.objects.filter(pk__in=pks).update(failed=True, failed_reason=reason)


def _time_out(
    barrier: Any, cohort: str, verdicts: Sequence[Verdict], people: dict[Any, Any], groups: dict[int, SyncGroup]
) -> set[Unit]:
    """End the waits whose time is up, as the barrier declares."""
    reason = f"waited too long at barrier '{barrier.id}'"
    overdue: dict[str, list[ParticipantLinkBarrier]] = defaultdict(list)
    for verdict in verdicts:
        late = [link for link in verdict.overdue if people[link.participant_id].is_active]
        if late:
            for link in late:
                overdue[verdict.policy(link)].append(link)
            announce_departures(signals.timed_out, barrier.id, cohort, late, group=_pk(verdict))
    woken: set[Unit] = set()
    for policy, links in overdue.items():
        state = LinkState.RELEASED if policy == TimeoutPolicy.RELEASE else LinkState.TIMED_OUT
        pools = end_visits(links, state, reason)
        wake(pools)
        woken |= pools
        persons = [people[link.participant_id] for link in links]
        if policy == TimeoutPolicy.RELEASE and barrier.closes_group:
            # Whoever goes on alone has done with the group as much as those who pass together.
            left = [groups[pk] for pk in {link.sync_group_id for link in links} if pk in groups]
            end_memberships(left, links, reason)
            woken |= settle_locked(left)
        elif policy == TimeoutPolicy.LEAVE:
            woken |= end_people(persons, groups, status=ParticipantStatus.LEFT, failed=False, reason=reason)
        elif policy == TimeoutPolicy.FAIL:
            woken |= end_people(persons, groups, reason=reason)
    return woken


def _end_strays(links: Iterable[ParticipantLinkBarrier], people: dict[Any, Any]) -> None:
    """End the visits of people who take part no longer; let through who is merely no longer in the group.

    Who has been sent back to be grouped, and whose other tab has come since, is sent back there, too.
    """
    links = list(links)
    back = _sent_back([link.pk for link in links]) if links else {}
    endings: dict[tuple[str, str], list[ParticipantLinkBarrier]] = defaultdict(list)
    for link in links:
        person = people[link.participant_id]
        regrouped = person.is_active and link.pk in back
        endings[(LinkState.REGROUPED, back[link.pk]) if regrouped else _ending_of(person)].append(link)
    for (state, reason), visits in endings.items():
        end_visits(visits, state, reason)
        # Who was sent back has been announced then.
        if state == LinkState.RELEASED:
            announce_each(signals.released, visits)


def _sent_back(visits: Sequence[int]) -> dict[int, str]:
    """Those of these visits of which an earlier one, at the same barrier with the same group, ended by regrouping, and
    whose participant has not come into that group again since."""
    whose = {name: OuterRef(name) for name in ("participant", "sync_group")}
    joined = ParticipantLinkSyncGroup.objects.filter(**whose).order_by("-arrival_time").values("arrival_time")[:1]
    same = {**whose, "barrier_id": OuterRef("barrier_id"), "departure_time__gt": Subquery(joined)}
    earlier = ParticipantLinkBarrier.objects.filter(**same, state=LinkState.REGROUPED).order_by("-pk")
    stray = ParticipantLinkBarrier.objects.filter(pk__in=visits).annotate(why=Subquery(earlier.values("reason")[:1]))
    return dict(stray.filter(why__isnull=False).values_list("pk", "why"))


def _ending_of(person: Any) -> tuple[str, str]:
    if person.is_active:
        return LinkState.RELEASED, NO_MEMBER
    if person.failed:
        return LinkState.FAILED, person.failed_reason or "failed"
    return LinkState.WITHDRAWN, person.get_status_display()


def _call_and_close(barrier: Any, verdicts: Sequence[Verdict]) -> set[Unit]:
    """What happens to groups as they go: ``on_release`` is called, the closer closes them. May raise `CallFailed`."""
    scenes = [(verdict.scene.group, verdict.decision.release) for verdict in verdicts if verdict.decision.release]
    going = [(group, people) for group, people in scenes if group is not None and group.active]
    for group, people in going if barrier.on_release else ():
        _call(barrier, group, {person.pk for person in people})
    if not barrier.closes_group:
        return set()
    groups = [group for group, _ in going]
    return close_locked(_still_active(groups) if barrier.on_release else groups, f"passed '{barrier.id}'")


def _still_active(groups: Sequence[SyncGroup]) -> list[SyncGroup]:
    """Code of the site may have closed its group already, or have ended the last who were in it."""
    active = set(SyncGroup.objects.active().filter(pk__in=[group.pk for group in groups]).values_list("pk", flat=True))
    return [group for group in groups if group.pk in active]


def _call(barrier: Any, group: SyncGroup, released: set[Any]) -> None:
    """Call ``on_release``. Raises `CallFailed`, also when it hides an error after which nothing can be stored."""
    members = [member for member in group.active_participants if member.pk in released]
    # The site's code sees the rows as they are by now, and not as the rule saw them.
    untie(group)
    try:
        # Leaving the savepoint shows an error that the database alone knows of.
        with transaction.atomic():
            barrier.call_on_release(group, members)
            if transaction.get_rollback():
                raise SpoiledTransaction(
                    "on_release has caught a database error without undoing it. Put what may fail into a"
                    " transaction.atomic() of its own, inside the try."
                )
    except Exception as error:
        if may_start_over(error):
            raise
        raise CallFailed from error


def _pk(verdict: Verdict) -> int | None:
    return verdict.scene.group.pk if verdict.scene.group is not None else None
