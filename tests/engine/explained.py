"""What the tests of explanations begin with."""

from datetime import timedelta

from django.db.models.functions import Now

from syncgroups.barriers import Barrier
from syncgroups.explaining import explain


class Never(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


def silent(person, presence, seconds):
    """Make a participant one who was seen that long ago."""
    seen = Now() - timedelta(seconds=seconds)
    type(person).objects.filter(pk=person.pk).update(presence=presence, last_seen_at=seen)


def said(*args, **kwargs):
    return str(explain(*args, **kwargs))
