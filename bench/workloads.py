"""What is measured in rounds, of which systems, and the bars that are to be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OURS, PEER, FLOOR = "syncgroups", "PsyNet", "floor"


@dataclass(frozen=True)
class Bar:
    """A bound on the median: as a multiple of another system's, or in seconds."""

    text: str
    #: At most so many times what this system takes.
    at_most: tuple[str, float] | None = None
    #: At least so many times faster than this system.
    faster: tuple[str, float] | None = None
    below: float | None = None

    def judge(self, medians: Mapping[str, float]) -> tuple[str, bool] | None:
        """The ratio in words and whether the bar is met; None when the other system was not measured."""
        ours = medians[OURS]
        if self.below is not None:
            return f"{ours * 1e3:.3g} ms", ours <= self.below
        other, factor = self.at_most or self.faster or ("", 0.0)
        if other not in medians:
            return None
        if self.at_most:
            return f"{ours / medians[other]:.2f} times {other}", ours <= factor * medians[other]
        return f"{medians[other] / ours:,.0f} times faster than {other}", medians[other] >= factor * ours


@dataclass(frozen=True)
class Workload:
    """One row of the table."""

    name: str
    title: str
    #: What each system is asked; the floor of a poll is a view of the same site.
    asks: Mapping[str, tuple[str, str]]
    bars: tuple[Bar, ...]
    full: Mapping[str, int]
    quick: Mapping[str, int]
    #: Arguments of systems that would take too long with those above.
    fewer: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    remark: str = ""
    #: What is left of the cost, told where a bar is missed.
    cost: str = ""

    def headline(self, *, quick: bool) -> str:
        n = (self.quick if quick else self.full)["n"]
        return self.title.format(n=n, pairs=n // 2)

    def arguments(self, system: str, *, quick: bool) -> dict[str, Any]:
        return {**(self.quick if quick else self.full), **({} if quick else self.fewer.get(system, {}))}


def everywhere(verb: str) -> dict[str, tuple[str, str]]:
    return {OURS: (OURS, verb), PEER: (PEER, verb), FLOOR: (FLOOR, verb)}


WORKLOADS = (
    Workload(
        "arrive",
        "arrive (one committed transaction each)",
        everywhere("arrive"),
        (Bar("≤ 4 times the floor", at_most=(FLOOR, 4)),),
        full={"n": 500},
        quick={"n": 20},
        remark="From the call to the commit: the look at who arrives, the visit, and the wake-up.",
    ),
    Workload(
        "doorbell",
        "the same, and the doorbell",
        {**everywhere("arrive"), OURS: (OURS, "arrive_and_ring")},
        (),
        full={"n": 500},
        quick={"n": 20},
        remark="After the commit a message is handed to the broker, so that nobody waits for the next sweep. Celery and"
        " kombu take longer to write and send one than the floor takes altogether; PsyNet and the floor send none.",
    ),
    Workload(
        "form",
        "form {pairs:,} groups in one pass",
        everywhere("form"),
        (Bar("≥ 25 times faster than PsyNet", faster=(PEER, 25)),),
        full={"n": 1000},
        quick={"n": 40},
        cost="See below where the time goes: the statements alone, sent and answered, take nearly what the bar allows."
        " These are 1,500 rows to insert and 2,000 to update with their indexes and foreign keys, as on the floor, and"
        " before them the look at everybody. The rest is Django making 1,000 visits with their participants, for the"
        " rule to see, and the new rows.",
    ),
    Workload(
        "release",
        "release {n:,} at a group barrier",
        everywhere("release"),
        (Bar("≥ 40 times faster than PsyNet", faster=(PEER, 40)),),
        full={"n": 1000},
        quick={"n": 40},
        cost="See below where the time goes: the largest part is statements, those of the floor and those that lock and"
        " look, because a rule sees members, groups and visits as they are, and whoever is moved is checked again. The"
        " next one is Django making the 2,500 instances that the rule sees, some ten microseconds each. A rule that saw"
        " less would be faster, and could say less.",
    ),
    Workload(
        "on_release",
        "the same, with an on_release that does nothing",
        everywhere("release_one_by_one"),
        (),
        full={"n": 1000},
        quick={"n": 40},
        remark="Here and on the floor each of the groups is a transaction of its own, so that one whose"
        " on_release raises holds back no other. PsyNet has one transaction for all, and loses all.",
    ),
    Workload(
        "idle",
        "tick with {n:,} waiting at a group barrier and nothing to do",
        everywhere("idle"),
        (Bar("≥ 500 times faster than PsyNet", faster=(PEER, 500)),),
        full={"n": 500, "samples": 30},
        quick={"n": 20, "samples": 3},
        fewer={PEER: {"samples": 2}},
        remark="What the clock does: here a sweep once a second over all barriers, in PsyNet a pass each half second.",
    ),
    Workload(
        "idle_grouper",
        "pass with {n:,} waiting at a grouper and nothing to do",
        everywhere("idle_pool"),
        (),
        full={"n": 500, "samples": 30},
        quick={"n": 20, "samples": 3},
        fewer={PEER: {"samples": 2}},
    ),
    Workload(
        "arrival",
        "one arrival plus its pass, {n:,} others waiting",
        everywhere("arrive_and_pass"),
        (Bar("≥ 200 times faster than PsyNet", faster=(PEER, 200)),),
        full={"n": 450, "samples": 30},
        quick={"n": 20, "samples": 3},
        fewer={PEER: {"samples": 2}},
        remark="The second of a pair arrives, and both go.",
    ),
    Workload(
        "poll",
        "poll answered in full",
        {OURS: (OURS, "poll"), FLOOR: (OURS, "bare_view")},
        (Bar("≤ 2 times a bare view", at_most=(FLOOR, 2)),),
        full={"n": 500},
        quick={"n": 20},
        remark="The floor is a bare Django view with one query. Inside the process, with the site's middleware.",
    ),
    Workload(
        "poll_unchanged",
        "poll answered by 304",
        {OURS: (OURS, "poll_unchanged"), FLOOR: (OURS, "bare_view")},
        (Bar("≤ 2 times a bare view", at_most=(FLOOR, 2)),),
        full={"n": 500},
        quick={"n": 20},
        remark="The same work, but for the bytes that need not be sent.",
    ),
    Workload(
        "latency",
        "last arrival committed → release committed, worker idle",
        {OURS: (OURS, "latency"), PEER: (PEER, "latency")},
        (Bar("≤ 25 ms", below=0.025),),
        full={"n": 30},
        quick={"n": 3},
        fewer={PEER: {"n": 8}},
        remark="Here a Celery worker with one process, and Valkey. PsyNet has a clock that ticks each half second:"
        " what is measured is mostly that.",
        cost="The only bar that is no ratio, so it depends on the processor: it was set where an arrival takes PsyNet"
        " 7.7 ms. What is left is an arrival with its pass, as above, and what Celery and kombu take to write, send,"
        " fetch and unpack a message.",
    ),
)
