"""Who is asking. A site may answer that itself, by a resolver; the default reads a signed token."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import models, router
from django.http import HttpRequest
from django.utils.module_loading import import_string

from . import arrivals
from .conf import settings
from .exceptions import BarrierNotRegistered, InvalidToken, SyncGroupsError, WrongCohort
from .models import AbstractParticipant, get_participant_model
from .prepared import planned
from .querysets import ParticipantQuerySet

SALT = "syncgroups.participant"
SESSION_KEY = "syncgroups_token"
SCHEME = "Participant"


def issue_token(participant: AbstractParticipant) -> str:
    """A signed token that says who the participant is. Good for ``TOKEN_MAX_AGE`` seconds."""
    claims = {"id": str(participant.public_id), "cohort": participant.cohort}
    return signing.dumps(claims, salt=SALT, compress=False)


def remember(request: HttpRequest, participant: AbstractParticipant) -> None:
    """From now on this browser session is the participant's. Cycles the session key."""
    try:
        request.session.cycle_key()
    except ValueError:
        # A session key that the database cannot take, such as one with a NUL: the browser gets a good one instead.
        request.session = type(request.session)()
    request.session[SESSION_KEY] = issue_token(participant)


def forget(request: HttpRequest) -> None:
    """From now on this browser session is nobody's."""
    request.session.pop(SESSION_KEY, None)


def participant_from_token(request: HttpRequest) -> AbstractParticipant | None:
    """Read the header ``Authorization: Participant <token>``, or else the session.

    None when there is no token at all. Raises `InvalidToken` when it is forged, expired or nobody's, and
    `WrongCohort` when its owner has come into another cohort since it was issued.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != SCHEME.lower():
        token = _remembered(request)
    return participant_of_token(token.strip()) if token else None


def _remembered(request: HttpRequest) -> str:
    """The token in the session, which may be of any shape: it came from outside."""
    try:
        token = getattr(request, "session", {}).get(SESSION_KEY) or ""
    except ValueError:
        # A session key that the database cannot take, such as one with a NUL.
        raise InvalidToken("The session is not valid here.") from None
    if not isinstance(token, str):
        raise InvalidToken("The token is not valid here.")
    return token


def participant_of_token(token: str) -> AbstractParticipant:
    """The owner of a token. One query. Raises as `participant_from_token`."""
    try:
        claims = signing.loads(token, salt=SALT, max_age=timedelta(seconds=settings.TOKEN_MAX_AGE))
        participant = _owner(UUID(str(claims["id"])))
    except signing.SignatureExpired:
        raise InvalidToken("The token has expired. Open the experiment's link again.") from None
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        raise InvalidToken("The token is not valid here.") from None
    if participant is None:
        raise InvalidToken("The token belongs to nobody here.")
    if participant.cohort != claims.get("cohort"):
        raise WrongCohort("The token was issued for another cohort.")
    return participant


def _owner(public_id: UUID) -> AbstractParticipant | None:
    """The participant of that id, unless a manager of the site's own hides them."""
    model = get_participant_model()
    manager = model._default_manager
    if type(manager).get_queryset is not models.Manager.get_queryset:
        # It may answer differently each time, e.g. to each tenant.
        return manager.filter(public_id=public_id).first()
    return next(iter(_by_public_id(public_id, model=model, using=router.db_for_read(model))), None)


@planned
def _by_public_id(public_id: UUID, *, model: type[AbstractParticipant]) -> Any:
    return ParticipantQuerySet(model=model).filter(public_id=public_id)


def resolve_participant(request: HttpRequest) -> AbstractParticipant:
    """Who is asking, by the site's resolver. Raises `InvalidToken` when nobody can be made out."""
    resolver: Any = import_string(settings.PARTICIPANT_RESOLVER)
    participant: AbstractParticipant | None = resolver(request)
    if participant is None:
        raise InvalidToken("Nobody is signed in. Open the experiment's link first.")
    return participant


def page_is_hidden(request: HttpRequest) -> bool:
    """Whether the page that asks says that nobody sees it, e.g. because the phone is locked."""
    return request.headers.get("Syncgroups-Page") == "hidden"


def note_presence_by(
    request: HttpRequest, participant: AbstractParticipant, barriers: Iterable[str], *, hidden: bool | None = None
) -> None:
    """Take the request for a sign of life of who sent it: see `syncgroups.arrivals.note_presence`.

    Whether the page is hidden the request says, unless that is given.
    """
    request._syncgroups_noted = True  # type: ignore[attr-defined]
    hidden = page_is_hidden(request) if hidden is None else hidden
    arrivals.note_presence(participant, hidden=hidden, barriers=barriers)


def tells_presence(request: HttpRequest) -> bool:
    """Whether the request has been taken for a sign of life."""
    return hasattr(request, "_syncgroups_noted")


def public_detail(error: SyncGroupsError) -> str:
    """What a participant may read about an error: nothing about what else there is on this site."""
    return "There is no such barrier." if isinstance(error, BarrierNotRegistered) else str(error)
