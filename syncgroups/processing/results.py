"""What a pass leaves behind: an outcome for its caller, and errors and times for the researcher."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Case, Q, When
from django.db.models.functions import Now

from ..conf import settings
from ..exceptions import Contended, DatabaseBusy
from ..models import BarrierRecord, ParticipantLinkBarrier, SyncGroup, WakeUp
from ..prepared import Among, prepared
from ..states import PassOutcome
from .deciding import Verdict
from .refusals import CallFailed, in_time
from .units import Unit, wake

logger = logging.getLogger(__name__)

#: Marks an error of the site's own ``on_release``, and begins what is stored about it.
NOTE, FROM_ON_RELEASE = "(raised by on_release)", "on_release raised "

#: The more telling outcome first: what is said of several passes together.
TELLING = [PassOutcome.FAILED, PassOutcome.DONE, PassOutcome.PAUSED, PassOutcome.BUSY, PassOutcome.IDLE]


@dataclass(frozen=True)
class PassResult:
    """How a pass went, and which units it found to be in need of one, too."""

    outcome: PassOutcome
    rerun: Iterable[Unit] = field(default_factory=set)
    error: Exception | None = None

    @classmethod
    def of(cls, error: Exception | None, woken: Iterable[Unit]) -> PassResult:
        return cls(PassOutcome.FAILED if error else PassOutcome.DONE, set(woken), error)

    def __add__(self, other: PassResult) -> PassResult:
        outcome = min(self.outcome, other.outcome, key=TELLING.index)
        return PassResult(outcome, {*self.rerun, *other.rerun}, self.error or other.error)


def set_aside(error: Exception, unit: Unit) -> PassResult | None:
    """What a pass comes to that others have prevented. Nothing is wrong, and what calls for the unit is still there."""
    if isinstance(error, DatabaseBusy):
        logger.warning("%s is left to the next sweep: %s", unit, error.__cause__)
        return PassResult(PassOutcome.BUSY)
    if isinstance(error, Contended) and error.__cause__ is None:
        return PassResult(PassOutcome.BUSY, {unit})
    return None


def at_the_bottom(error: Exception) -> Exception:
    """What to tell a researcher of: the error of the site's code, or of the database, and not that it was met."""
    cause = error.__cause__
    if not (isinstance(error, CallFailed | Contended) and isinstance(cause, Exception)):
        return error
    if isinstance(error, CallFailed) and NOTE not in getattr(cause, "__notes__", ()):
        cause.add_note(NOTE)
    return cause


def record_of(barrier_id: str, cohort: str) -> BarrierRecord:
    """The barrier's record, made when it is missing. Not inside a pass: making it could wait for another one."""
    found = find_record(barrier_id, cohort)
    if not found:
        missing = BarrierRecord(barrier_id=barrier_id, cohort=cohort)
        with in_time():
            BarrierRecord.objects.bulk_create([missing], ignore_conflicts=True)
        found = find_record(barrier_id, cohort)
    record: BarrierRecord = found[0]
    return record


@prepared
def find_record(barrier_id: str, cohort: str) -> Any:
    """The barrier's record, if there is one; ``noted_lately`` tells whether a pass was noted within a second."""
    lately = Q(last_processed__gt=Now() - timedelta(seconds=1))
    noted_lately = Case(When(lately, then=True), default=False)
    return BarrierRecord.objects.filter(barrier_id=barrier_id, cohort=cohort).annotate(noted_lately=noted_lately)


def keep_in_mind(
    barrier: Any, unit: Unit, row: BarrierRecord | SyncGroup, verdict: Verdict, *, counted: bool = False
) -> None:
    """Store on the locked row how its pass went, and arrange the next try or the next look.

    With `counted`, this try has been stored as one that failed already.
    """
    if verdict.error is not None:
        tries = row.error_count + (0 if counted else 1)
        _rows(row).update(last_processed=Now(), last_error=told(verdict.error), last_error_at=Now(), error_count=tries)
        wake([unit], after=min(2.0 ** min(tries - 1, 30), settings.RETRY_MAX_INTERVAL))
        return
    if row.error_count or isinstance(row, BarrierRecord):
        _note_success([row.pk], model=type(row))
    if barrier.recheck_interval and verdict.leaves_some_behind:
        waiting_already = WakeUp.objects.at(unit.barrier_id, unit.cohort).filter(sync_group=unit.group)
        if not waiting_already.exists():
            wake([unit], after=barrier.recheck_interval)


@prepared
def _note_success(pks: Any, *, model: Any) -> Any:
    return model.objects.filter(Among("pk", pks)).update(last_processed=Now(), last_error="", error_count=0)


def _rows(row: BarrierRecord | SyncGroup) -> Any:
    return type(row)._default_manager.filter(pk=row.pk)


def note_on_record(record: BarrierRecord, result: PassResult) -> None:
    """Store on a group barrier's record that it is alive, at most once a second, and the last error of its groups.

    Outside the passes, so that two groups never wait for each other here.
    """
    note = _note(record, result)
    if not note:
        return
    try:
        BarrierRecord.objects.filter(pk=record.pk).update(**note)
    except OperationalError as error:
        if transaction.get_connection().in_atomic_block:
            raise
        # The groups have been served, and whatever is wrong with them is stored on them, too.
        logger.warning("Nothing was noted on the record of barrier '%s': %s", record.barrier_id, error)


def _note(record: BarrierRecord, result: PassResult) -> dict[str, Any]:
    if result.error is not None:
        return {"last_error": told(result.error), "last_error_at": Now(), "last_processed": Now()}
    if result.outcome != PassOutcome.DONE:
        return {}
    mended = record.last_error and not _fails_somewhere(record)
    alive = not record.noted_lately  # type: ignore[attr-defined]
    return {**({"last_error": ""} if mended else {}), **({"last_processed": Now()} if alive else {})}


def _fails_somewhere(record: BarrierRecord) -> bool:
    """Whether a group that waits at the barrier could not pass because of an error."""
    links = ParticipantLinkBarrier.objects.at(record.barrier_id, record.cohort).waiting()
    return links.filter(sync_group__error_count__gt=0).exists()


def told(error: Exception) -> str:
    """The error for a researcher: what was raised, by ``on_release`` or elsewhere, and in which line."""
    source = FROM_ON_RELEASE if NOTE in getattr(error, "__notes__", ()) else ""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return _storable(f"{source}{type(error).__name__}: {_text(error)}{where}")


def _text(error: Exception) -> str:
    try:
        return str(error)
    except Exception as another:
        return f"(what it says cannot be told: {type(another).__name__})"


def _storable(text: str) -> str:
    """With question marks for what no database takes: an error that cannot be stored is one that nobody ever mends."""
    return text.replace("\0", "?").encode(errors="replace").decode()
