"""Hints that somebody's state may have changed, from whoever commits the change to whoever holds a stream for them.

A hint is never a source of truth: it may be lost, late, doubled or wrong, and says only that it is worth asking now.
Polling is what participants can rely on. The streams themselves are the API's (`syncgroups.api.stream`).
"""

from .notifiers import Notifier, faults, notifier
from .offering import offered
from .publishing import keys_of, publish

__all__ = ["Notifier", "faults", "keys_of", "notifier", "offered", "publish"]
