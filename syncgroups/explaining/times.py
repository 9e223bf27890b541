"""Times and durations in the words of the researcher's pages."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _


def duration(since: datetime | None, until: datetime | None = None) -> str:
    """How long ago that was, or how long it took, to the second."""
    if since is None:
        return "-"
    return in_words(((until or timezone.now()) - since).total_seconds())


def in_words(seconds: float) -> str:
    """A number of seconds, for people."""
    minutes, seconds = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes}
    return _("%(m)d min %(s)d s") % {"m": minutes, "s": seconds} if minutes else _("%(s)d s") % {"s": seconds}


def moment(time: datetime | None) -> str:
    """A time to the second, by which Django's own columns are too coarse; with the date unless it is today."""
    if time is None:
        return "-"
    local = timezone.localtime(time)
    clock = time_format(local, "H:i:s")
    return clock if local.date() == timezone.localdate() else f"{date_format(local, 'SHORT_DATE_FORMAT')} {clock}"
