"""Whether those who were matched are still there, and those who are to be blamed still absent, once they are locked.

Neither arrivals nor signs of life wait for passes: both may have come since the look. A pass that waits for the lock of
somebody whom another one holds may have looked seconds ago.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q

from ..models import AbstractParticipant, ParticipantLinkBarrier
from ..prepared import Among, prepared
from ..states import Presence
from .deciding import Verdict
from .locks import WorldMoved


def require_still_present(barrier: Any, verdicts: Sequence[Verdict], presence: dict[Any, str]) -> None:
    """Raise `WorldMoved` if somebody has fallen silent who is about to be matched.

    `presence` is what was read under their locks.
    """
    if not barrier.forms_groups:
        return
    matched = (person for verdict in verdicts for person in _matched(verdict))
    if any(person.is_present and presence[person.pk] != Presence.PRESENT for person in matched):
        raise WorldMoved


def _matched(verdict: Verdict) -> Iterator[AbstractParticipant]:
    decision = verdict.decision
    named = [person for proposal in decision.groups for person in proposal.members]
    for person in [*named, *(person for person, _ in decision.joins)]:
        yield verdict.scene.held[person.pk].participant


def require_still_absent(barrier: Any, verdicts: Sequence[Verdict], presence: dict[Any, str]) -> None:
    """Raise `WorldMoved` if somebody who is about to be blamed, or to leave because of others, has come, or come back.

    That is, has come to this barrier with the group or to another one, or was gone and gives signs of life.
    """
    if barrier.on_member_timeout is None:
        return
    blamed = {person.pk: person for verdict in verdicts for person in _blamed(verdict)}
    if not blamed:
        return
    if any(person.presence == Presence.GONE != presence.get(pk, Presence.GONE) for pk, person in blamed.items()):
        raise WorldMoved
    seen = {link.pk for person in blamed.values() for link in person.active_barriers.values()}
    groups = [verdict.scene.group.pk for verdict in verdicts if verdict.scene.group is not None]
    if not seen.issuperset(_open_visits(list(blamed), barrier.id, groups)):
        raise WorldMoved


def _blamed(verdict: Verdict) -> Iterator[AbstractParticipant]:
    """Also those who have waited for too long where all are gone."""
    decision, group = verdict.decision, verdict.scene.group
    named = {person.pk for person in (*decision.fail, *decision.leave)}
    named |= {link.participant_id for link in verdict.overdue}
    yield from (member for member in (group.active_participants if group and named else ()) if member.pk in named)


@prepared
def _open_visits(participants: Any, barrier_id: str, groups: Any) -> Any:
    """As the look sees them: here, those with these groups."""
    links = ParticipantLinkBarrier.objects.waiting().filter(Among("participant", participants))
    places = Q(Among("sync_group", groups)) | ~Q(barrier_id=barrier_id)
    return links.filter(places).order_by().values_list("pk", flat=True)
