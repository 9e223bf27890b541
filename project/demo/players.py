"""Who sits at this browser. One browser may play several participants: each has a number, which its pages' URLs name.

So two windows can play against each other, although they share the session. The session keeps a signed token for
each number; no address is a secret.
"""

from __future__ import annotations

from django.http import HttpRequest

from syncgroups import identity
from syncgroups.exceptions import SyncGroupsError
from syncgroups.models import AbstractParticipant

SESSION_KEY = "demo_players"


def participant_of_page(request: HttpRequest) -> AbstractParticipant | None:
    """Resolve the participant by the player's number in the URL; elsewhere, as syncgroups does by default."""
    number = getattr(request.resolver_match, "kwargs", {}).get("player")
    if number is None:
        return identity.participant_from_token(request)
    token = _tokens(request).get(str(number))
    return identity.participant_of_token(token) if token else None


def players(request: HttpRequest) -> dict[int, AbstractParticipant]:
    """Everybody who ever played in this browser session, by number, but for those whose token has expired."""
    known = {}
    for number, token in _tokens(request).items():
        try:
            known[int(number)] = identity.participant_of_token(token)
        except SyncGroupsError:
            continue
    return known


def seat(request: HttpRequest, participant: AbstractParticipant) -> int:
    """Give the participant a number in this browser, and return it. Safe to repeat."""
    for number, known in players(request).items():
        if known.pk == participant.pk:
            return number
    tokens = _tokens(request)
    if not tokens:
        # Once only: a new session key would sign out the other window while it polls.
        identity.remember(request, participant)
    number = len(tokens) + 1
    request.session[SESSION_KEY] = {**tokens, str(number): identity.issue_token(participant)}
    return number


def _tokens(request: HttpRequest) -> dict[str, str]:
    """The token of each number."""
    try:
        return request.session.get(SESSION_KEY, {})  # type: ignore[no-any-return]
    except ValueError:
        # A session key that the database cannot take, such as one with a NUL.
        return {}
