"""Signs of life."""

from __future__ import annotations

from django.db import transaction

from ..models import AbstractParticipant, all_participants


def mark_seen(participant: AbstractParticipant) -> None:
    """Store that the participant is there, unless a pass is at work on them: then somebody else's next sign will do."""
    people = all_participants().filter(pk=participant.pk)
    with transaction.atomic():
        if people.select_for_update(skip_locked=True, no_key=True).values_list("pk").first():
            people.mark_seen()
