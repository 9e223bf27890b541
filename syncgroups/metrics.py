"""What Prometheus is told, read from the database as it asks: the same by whichever process answers.

Needs its client, ``syncgroups[prometheus]``. A scrape takes a fixed number of queries, which read who waits, the
barriers' records, what is due, signs of life of the engine, and the newest visits; see `Tally` for those that have
ended.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from typing import Any

from django.db.models import (
    BigIntegerField,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Q,
    Subquery,
)
from django.db.models.functions import Now
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from . import registry
from .models import BarrierRecord, Heartbeat, ParticipantLinkBarrier, SyncGroup, WakeUp
from .processing.beating import SWEEP
from .states import LinkState
from .tallying import BOUNDS, Tally

Families = Iterator[Metric]

#: Barriers at which nothing has happened for so long are told of only if somebody waits there.
IN_USE = timedelta(hours=1)

#: How far back releases are looked for: in time, and in visits of the whole site.
RECENT, WINDOW = timedelta(minutes=5), 2000

PLACE = ("barrier", "cohort")


class SiteCollector(Collector):
    """Everything that the database says."""

    def __init__(self) -> None:
        self.tally = Tally()

    def describe(self) -> Families:
        """Nothing in advance: registering asks no database."""
        return iter(())

    def collect(self) -> Families:
        yield from waiting()
        yield from ended(self.tally)
        yield from latencies()
        yield from overdue()
        yield from signs()


class PassCollector(Collector):
    """What workers on this machine have measured, if they share a folder with this process. See `timing`."""

    def describe(self) -> Families:
        return iter(())

    def collect(self) -> Families:
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            # Whatever else the site measures there is for the site to publish.
            measured = MultiProcessCollector(None).collect()  # type: ignore[no-untyped-call]
            yield from (family for family in measured if family.name.startswith("syncgroups_"))


def site_registry() -> CollectorRegistry:
    """A registry of this app's metrics alone."""
    made = CollectorRegistry()
    made.register(SiteCollector())
    made.register(PassCollector())
    return made


def waiting() -> Families:
    """Who waits where, and what holds them there. Two queries."""
    here = {
        (barrier, cohort): (n, longest)
        for barrier, cohort, n, longest in ParticipantLinkBarrier.objects.waiting()
        .order_by()
        .values_list("barrier_id", "cohort")
        .annotate(n=Count("pk"), longest=_since(Min("arrival_time")))
    }
    in_use = Q(last_processed__gte=Now() - IN_USE) | Q(paused_at__isnull=False) | ~Q(last_error="")
    rows = BarrierRecord.objects.filter(in_use).values_list("barrier_id", "cohort", "paused_at", "last_error")
    records = {(barrier, cohort): (bool(paused), bool(error)) for barrier, cohort, paused, error in rows}
    families = [
        GaugeMetricFamily("syncgroups_waiting", "Participants who wait.", labels=PLACE),
        GaugeMetricFamily("syncgroups_longest_wait_seconds", "How long the first of them has waited.", labels=PLACE),
        GaugeMetricFamily("syncgroups_paused", "1 while a researcher holds the barrier.", labels=PLACE),
        GaugeMetricFamily("syncgroups_failing", "1 while a pass over the barrier fails.", labels=PLACE),
    ]
    for place in sorted({*here, *records}):
        n, longest = here.get(place, (0, timedelta()))
        for family, value in zip(families, (n, _seconds(longest), *records.get(place, (0, 0))), strict=True):
            family.add_metric(place, float(value))
    yield from families


def ended(tally: Tally) -> Families:
    """How waits have ended, and how long those took that ended well. Two queries."""
    outcomes: dict[tuple[str, str], int] = defaultdict(int)
    classes: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
    seconds: dict[str, float] = defaultdict(float)
    for (barrier, state, of_class), (n, took) in tally.totals().items():
        outcomes[barrier, state] += n
        if state == LinkState.RELEASED:
            classes[barrier][of_class] += n
            seconds[barrier] += took
    visits = CounterMetricFamily("syncgroups_visits", "Waits that have ended.", labels=("barrier", "outcome"))
    for (barrier, state), n in sorted(outcomes.items()):
        visits.add_metric((barrier, state), n)
    waits = HistogramMetricFamily("syncgroups_wait_seconds", "From arrival to release.", labels=("barrier",))
    for barrier, counts in sorted(classes.items()):
        bounds = [*(str(float(bound)) for bound in BOUNDS), "+Inf"]
        upto = [(bound, float(sum(counts[: place + 1]))) for place, bound in enumerate(bounds)]
        waits.add_metric((barrier,), upto, seconds[barrier])
    yield visits
    yield waits


def latencies() -> Families:
    """How long releases took after the last arrival of those who were let through together. One query."""
    together: dict[tuple[Any, ...], Any] = {}
    for arrival, paused, departure, *place in _recent_releases():
        key = (*place, departure)
        together[key] = max(together.get(key, (arrival, paused)), (arrival, paused))
    by_barrier = defaultdict(list)
    for (barrier, *_, departure), (last, paused) in together.items():
        by_barrier[barrier].append(max(0.0, (departure - last).total_seconds() - paused))
    told = "From the last arrival to the release of those who went together, without pauses, in the last five minutes."
    family = GaugeMetricFamily("syncgroups_release_latency_seconds", told, labels=("barrier", "quantile"))
    for barrier, found in sorted(by_barrier.items()):
        family.add_metric((barrier, "0.5"), median(found))
        family.add_metric((barrier, "1"), max(found))
    yield family


def _recent_releases() -> Any:
    """By the rule, not by hand, among the newest visits of all: a range of the primary key, which needs no index."""
    newest = Subquery(ParticipantLinkBarrier.objects.order_by("-pk").values("pk")[:1], output_field=BigIntegerField())
    visits = ParticipantLinkBarrier.objects.filter(pk__gt=newest - WINDOW, pk__lte=newest)
    released = visits.filter(state=LinkState.RELEASED, reason="", departure_time__gte=Now() - RECENT)
    return released.values_list("arrival_time", "paused_for", "departure_time", "barrier_id", "cohort", "sync_group")


def overdue() -> Families:
    """What the sweep should have done by now: growing figures say that it does not keep up. Two queries."""
    declared = [barrier.id for barrier in registry.all_barriers()]
    calls = _unpaused(WakeUp.objects.due().filter(barrier_id__in=declared))
    due = calls.aggregate(n=Count("pk"), late=_since(Min("due_at")))
    waits = _unpaused(ParticipantLinkBarrier.objects.overdue().filter(barrier_id__in=declared))
    late = waits.aggregate(late=_since(Min("deadline")))
    told = "For how long the oldest thing has been due: a call for a barrier, or the end of a wait."
    lag = max(_seconds(due["late"]), _seconds(late["late"]))
    yield GaugeMetricFamily("syncgroups_due_calls", "Calls for barriers that are due.", value=float(due["n"]))
    yield GaugeMetricFamily("syncgroups_sweep_lag_seconds", told, value=lag)


def signs() -> Families:
    """Since when nobody has swept, and no worker done anything; without a value where none ever has. One query.

    Where nothing is due this alone says that none is running.
    """
    ages = {part: _seconds(age) for part, age in Heartbeat.objects.values_list("part", _since(F("at")))}
    told = {
        "sweep": ("Since somebody last swept, give or take a few seconds.", ages.get(SWEEP)),
        "worker": ("Since a worker last did anything, give or take a few seconds.", min(ages.values(), default=None)),
    }
    for name, (text, age) in told.items():
        yield GaugeMetricFamily(f"syncgroups_last_{name}_age_seconds", text, value=age)


def _unpaused(rows: Any) -> Any:
    paused = BarrierRecord.objects.paused().filter(barrier_id=OuterRef("barrier_id"), cohort=OuterRef("cohort"))
    held = SyncGroup.objects.paused().filter(pk=OuterRef("sync_group"))
    return rows.filter(~Exists(paused), ~Exists(held)).order_by()


def _since(moment: Any) -> Any:
    """By the database's clock, by which the times were written."""
    return ExpressionWrapper(Now() - moment, output_field=DurationField())


def _seconds(duration: timedelta | None) -> float:
    return max(0.0, duration.total_seconds()) if duration else 0.0
