"""How a researcher ends participations and waits."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from .. import arrivals
from ..models import AbstractParticipant, AuditEntry, ParticipantLinkBarrier
from ..states import Verb
from .recording import carry_out


def fail(participant: AbstractParticipant, *, reason: str, by: str, seen: Any = None) -> AuditEntry:
    """End the participation as a failure; open waits earn their credit."""
    act = partial(arrivals.fail, participant, reason, by=by)
    return _end(Verb.FAIL, participant, act, reason=reason, by=by, seen=seen)


def leave(participant: AbstractParticipant, *, reason: str, by: str, seen: Any = None) -> AuditEntry:
    """End the participation without fault; open waits earn their credit."""
    act = partial(arrivals.leave, participant, reason, by=by)
    return _end(Verb.LEAVE, participant, act, reason=reason, by=by, seen=seen)


def _end(verb: Verb, participant: AbstractParticipant, act: Any, **order: Any) -> AuditEntry:
    why_not = _("takes part no longer")
    return carry_out(verb, participant, act, people=[participant.pk], why_not=why_not, **order)


def release(visit: ParticipantLinkBarrier, *, reason: str, by: str, seen: Any = None) -> AuditEntry:
    """Let one participant through, whatever the rule says. No ``on_release`` is called. Raises `NotWaiting`."""
    act = partial(arrivals.release, visit, reason, by=by)
    concerned: dict[str, Any] = {"people": [visit.participant_id]}
    if visit.sync_group is not None:
        concerned["groups"] = [visit.sync_group]
    return carry_out(Verb.RELEASE, visit, act, **concerned, reason=reason, by=by, seen=seen, heeded=["state"])
