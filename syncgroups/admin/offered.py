"""Which verbs the monitor offers at which row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..models import BarrierRecord
from ..monitoring import BarrierRow

#: Verbs of barriers that concern all of their cohort, and those of them that concern who waits there now.
OF_COHORTS = ("pause_cohort", "resume_cohort", "put_off_cohort", "message_cohort")
OF_ALL_WHO_WAIT = ("put_off_cohort", "message_cohort")
#: Verbs of participants that end the participation; a site may have more of its own on their page.
ENDINGS = ("fail", "leave")
#: Verbs of visits that leave the participation as it is.
OF_WAITS = ("release", "put_off", "message")


class Verbs(NamedTuple):
    """What a user may do to rows of one kind: the page that offers it, the address that takes it, names and labels."""

    page: Any
    url: str
    labels: dict[str, Any]

    def menu(self, row: Any, wanted: Callable[[str], bool] = lambda name: True) -> list[dict[str, Any]]:
        """Those of the wanted ones that make sense for the row, as a form; none where there are none."""
        verbs = [(name, label) for name, label in self.labels.items() if wanted(name) and self.page.offers(name, row)]
        return [{"row": row, "list_url": self.url, "verbs": verbs}] if verbs else []


def record_of(row: BarrierRow, cohort: str) -> BarrierRecord | None:
    """What verbs are about: the record, or one to be, where no pass has been yet."""
    return row.record or (BarrierRecord(barrier_id=row.id, cohort=cohort) if row.declared else None)
