"""What is measured with a whole process or site running beside it."""

from __future__ import annotations

import statistics
from typing import Any

from .pages import clients, polling_page, require_answers
from .running import Bench, summary
from .site import web, worker
from .workloads import OURS


def served(bench: Bench) -> dict[str, Any]:
    """Requests per second that one web process answers: a bare view, polls in full, polls with ETags."""
    ours = bench.system(OURS)
    connections, duration = (4, 0.5) if bench.quick else (8, 2)
    ours.ask("assemble", n_groups=connections, size=2)
    tokens = ours.ask("tokens")[::2]
    ids = ours.ask("public_ids")[::2]
    pages = {
        "a bare view with one query": ([{"path": f"/bare/{i}/", "headers": ""} for i in ids], False),
        "polls answered in full": ([polling_page(token) for token in tokens], False),
        "polls answered by 304": ([polling_page(token) for token in tokens], True),
    }
    rates: dict[str, list[float]] = {title: [] for title in pages}
    with web(bench, processes=1, threads=connections) as port:
        for number, title in bench.take_turns(pages):
            seen = clients(port, pages[title][0], duration=duration, conditional=pages[title][1])
            require_answers(seen, {"200", "304"})
            rates[title].append(sum(seen["statuses"].values()) / seen["elapsed"])
            bench.say(f"served: round {number} of {bench.rounds}, {title}: {rates[title][-1]:.0f} a second")
    queries = ours.ask("queries_of_a_poll")
    return {"rates": {title: summary(values) for title, values in rates.items()}, "queries_of_a_poll": queries}


def workers(bench: Bench) -> dict[str, Any]:
    """Groups that leave a group barrier in a second, whose on_release lets the database work: one worker, and two."""
    ours = bench.system(OURS)
    n = 20 if bench.quick else 200
    rates: dict[str, list[float]] = {"1": [], "2": []}
    with worker(bench, processes=1, queue="q1"), worker(bench, processes=2, queue="q2"):
        for number, processes in bench.take_turns(rates):
            rates[processes].append(n / ours.ask("load_off", n_groups=n, queue=f"q{processes}"))
            bench.say(
                f"workers: round {number} of {bench.rounds}, {processes}: {rates[processes][-1]:.0f} groups a second"
            )
    return {
        "groups": n,
        "judged": not bench.quick,
        "rates": {title: summary(values) for title, values in rates.items()},
    }


def profile(bench: Bench) -> dict[str, dict[str, float]]:
    """For what needs a while: how many seconds go where. The median of each part over the rounds, for one act."""
    parted: dict[str, list[dict[str, float]]] = {}
    for number in range(1, bench.rounds + 1):
        for verb, n, acts in PROFILED:
            few = min(n, 40) if bench.quick else n
            spent = bench.system(OURS).ask("profile_of", what=verb, n=few)
            parted.setdefault(verb, []).append({kind: s / min(acts, few) for kind, s in spent.items()})
        bench.say(f"profile: round {number} of {bench.rounds}")
    return {
        verb: {kind: statistics.median(part.get(kind, 0.0) for part in parts) for kind in set().union(*parts)}
        for verb, parts in parted.items()
    }


#: Verbs, with how many participants, and how many acts that is.
PROFILED = (("arrive_and_ring", 500, 500), ("form", 1000, 1), ("release", 1000, 1), ("poll", 500, 500))


def memory(bench: Bench) -> dict[str, Any]:
    """Resident memory of one process over many visits."""
    visits, people = (400, 20) if bench.quick else (100_000, 1000)
    ours = bench.system(OURS)
    resident = [ours.ask("open_house", people=people)]
    for tenth in range(1, 11):
        resident.append(ours.ask("visits", n=visits // 10))
        bench.say(f"memory: {visits // 10 * tenth:,} visits, {resident[-1] / 2**20:.1f} MB")
    ours.ask("close_house")
    return {"visits": visits, "resident": resident}
