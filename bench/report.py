"""The numbers in words: a table for the terminal, and docs/performance.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .workloads import FLOOR, OURS, PEER

SYSTEMS = (OURS, PEER, FLOOR)

INTRODUCTION = """# Performance

This page is written by `python3 dev.py bench`, which measures this app, PsyNet 13.3.0 and a floor in the same run, on
the same PostgreSQL with durable settings, taking turns. The floor is bare SQL through psycopg2: the writes that cannot
be done without, in this app's tables, and nothing else. The bars are ratios, because ratios travel between machines.
Each cell is the median over the rounds, with the least and the greatest round.
"""


def as_text(results: dict[str, Any]) -> str:
    """For the terminal: the same tables."""
    return "\n".join(_body(results)).replace("**", "")


def as_markdown(results: dict[str, Any]) -> str:
    """The published page."""
    return "\n".join([INTRODUCTION, *_facts(results), *_body(results, plots=True), ""])


def _facts(results: dict[str, Any]) -> Iterator[str]:
    facts = {**results["facts"], "rounds": results["rounds"]}
    facts["a commit before and after"] = f"{results['commit_before']}, {results['commit_after']}"
    facts["load average before and after"] = f"{results['load_before'][0]}, {results['load_after'][0]}"
    yield from _table(["measured on", ""], [[name, str(value)] for name, value in facts.items()])


def _body(results: dict[str, Any], *, plots: bool = False) -> Iterator[str]:
    if results["rows"]:
        yield from _rows(results["rows"])
    if plots:
        yield "## Cost against the number waiting\n"
        yield "![An idle tick and one arrival with its pass, against the number waiting](performance-scale.svg)\n"
    if "scale" in results:
        yield from _scale(results["scale"])
    if plots:
        yield "## From the last arrival to the release\n"
        yield "![How long those who wait wait on, once the last of them has come](performance-latency.svg)\n"
    for name, section in SECTIONS.items():
        if name in results:
            yield from section(results[name])


def _rows(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield "## The bars\n"
    cells = []
    for row in rows:
        bars = [f"{bar['bar']}, **{'met' if bar['met'] else 'missed'}**" for bar in row["bars"]]
        by = [cell(row["by"][system]) if system in row["by"] else "" for system in SYSTEMS]
        cells.append([row["title"], *by, *_ratios(row["by"]), "; ".join(bars)])
    yield from _table(["work", *SYSTEMS, "PsyNet / ours", "ours / floor", "bar"], cells)
    for row in rows:
        missed = not all(bar["met"] for bar in row["bars"])
        told = " ".join(filter(None, [row["remark"], row["cost"] if missed else "", _samples(row["by"])]))
        if told:
            yield f"- *{row['title']}*: {told}"
    yield ""


def _samples(by: dict[str, Any]) -> str:
    counts = {system: len(values["samples"]) // len(values["rounds"]) for system, values in by.items()}
    return f"Samples a round: {', '.join(f'{system} {n}' for system, n in counts.items())}."


def without_samples(results: dict[str, Any]) -> Any:
    """The results but for the single samples, which are many."""
    if isinstance(results, dict):
        return {key: without_samples(value) for key, value in results.items() if key != "samples"}
    return [without_samples(value) for value in results] if isinstance(results, list) else results


def _ratios(by: dict[str, Any]) -> tuple[str, str]:
    """How many times faster than PsyNet, and how many times the floor."""
    ours = by[OURS]["median"]
    faster = f"{by[PEER]['median'] / ours:,.0f}" if PEER in by else ""
    return faster, f"{ours / by[FLOOR]['median']:.2f}" if FLOOR in by else ""


def _scale(scale: dict[str, Any]) -> Iterator[str]:
    for verb, title in (("idle", "idle tick"), ("arrive_and_pass", "one arrival plus its pass")):
        cells = [
            [system, *(f"{point['n']:,}: {took(point['median'])}" for point in points)]
            for system, points in scale[verb].items()
        ]
        width = max(len(row) for row in cells)
        yield from _table(
            [title, *["waiting: median"] * (width - 1)], [row + [""] * (width - len(row)) for row in cells]
        )


def _served(served: dict[str, Any]) -> Iterator[str]:
    yield "## Polls through the web server\n"
    rates = served["rates"]
    bare = next(iter(rates.values()))["median"]
    cells = [
        [title, f"{rate['median']:.0f} ({rate['min']:.0f} to {rate['max']:.0f})", f"{rate['median'] / bare:.2f}"]
        for title, rate in rates.items()
    ]
    yield from _table(
        ["one gunicorn process, clients that never pause", "requests a second", "of the bare view"], cells
    )
    n = served["queries_of_a_poll"]
    yield f"A poll takes {n} queries (bar: ≤ 2, **{'met' if n <= 2 else 'missed'}**).\n"


def _waiting(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"## {rows[0]['waiting']} participants wait\n"
    yield (
        "The whole site and the clients share the machine: one worker, beat, and a web server of 2 processes, gunicorn"
        " with 8 threads in each where pages only poll, else uvicorn. Groups are completed one after the other."
        " Processor time is of one core, without the clients', while nothing happens.\n"
    )
    cells = [
        [
            f"{row['interval']:.0f} s" + (f", and when {row['push']} hints" if row["push"] else ""),
            f"{row['polls_per_second']:.0f}",
            f"{(row['busy'] - row['clients']) * 100:.0f} %",
            *(f"{took(row[key]['median'])} / {took(row[key]['p99'])}" for key in LATENCIES),
        ]
        for row in rows
    ]
    yield from _table(["poll every", "polls a second", "processor", *LATENCIES.values()], cells)
    yield "Without push a page learns of its release by its next poll. With it, it is hinted to and polls at once."
    for row in rows:
        if row["push"]:
            hint = row["release_to_hint"]
            yield f"Release committed → hint by {row['push']}: {took(hint['median'])} / {took(hint['p99'])}."
    yield ""


LATENCIES = {
    "answered_in": "poll answered: median / 99th percentile",
    "release_to_told": "release committed → page told",
    "arrival_to_told": "last arrival committed → page told",
}


def _workers(workers: dict[str, Any]) -> Iterator[str]:
    rates = workers["rates"]
    ratio = rates["2"]["median"] / rates["1"]["median"]
    yield "## Two workers beside one\n"
    yield (
        f"{workers['groups']} groups leave a group barrier whose on_release lets the database work for some"
        " twenty milliseconds; groups a second.\n"
    )
    cells = [[f"{r['median']:.0f} ({r['min']:.0f} to {r['max']:.0f})" for r in (rates["1"], rates["2"])]]
    verdict = f", **{'met' if ratio >= 1.6 else 'missed'}**" if workers["judged"] else ""
    cells[0].append(f"≥ 1.6 times: {ratio:.2f} times{verdict}")
    yield from _table(["one worker", "two workers", "bar"], cells)


def _memory(memory: dict[str, Any]) -> Iterator[str]:
    resident = [f"{size / 2**20:.1f}" for size in memory["resident"]]
    yield f"## Memory over {memory['visits']:,} visits\n"
    yield f"One process; resident MB at the start and after each tenth: {', '.join(resident)}.\n"


def _plans(plans: dict[str, Any]) -> Iterator[str]:
    yield f"## Indexes with {plans['rows']:,} rows\n"
    yield f"Every hot query uses the index meant for it (`tests/speed`): **{'met' if plans['met'] else 'missed'}**"
    yield f" ({plans['said'].strip('= ')}).\n"


def _profile(profile: dict[str, dict[str, float]]) -> Iterator[str]:
    named = dict.fromkeys(kind for parts in profile.values() for kind in parts)
    kinds = sorted(named, key=lambda kind: kind == "everything else")
    titles = {"arrive_and_ring": "arrive", "form": "form", "release": "release", "poll": "poll"}
    yield "## Where the time goes\n"
    yield (
        "Medians of this app's own time, each moment counted once, in rounds of their own: while the machine's speed"
        " changes, the sums differ from the medians above.\n"
    )
    rows = [
        [titles[verb], took(sum(parts.values())), *(_part(parts, kind) for kind in kinds)]
        for verb, parts in profile.items()
    ]
    yield from _table(["", "together", *kinds], rows)


def _part(parts: dict[str, float], kind: str) -> str:
    return f"{took(parts[kind])} ({parts[kind] / sum(parts.values()):.0%})" if parts.get(kind) else ""


SECTIONS = {
    "profile": _profile,
    "waiting": _waiting,
    "served": _served,
    "workers": _workers,
    "memory": _memory,
    "plans": _plans,
}


def cell(values: dict[str, Any]) -> str:
    return f"{took(values['median'])} ({took(values['min'])} to {took(values['max'])})"


def took(seconds: float) -> str:
    """A duration with three digits."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def _table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        yield "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |"
    yield ""
