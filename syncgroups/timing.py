"""How long passes take, for Prometheus, where its client is installed.

Workers put down what they measure in the folder that ``PROMETHEUS_MULTIPROC_DIR`` names, as that client does by itself;
web processes on the same machine read it there. Nothing is written to the database for it, and without that folder
nobody is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

try:
    from prometheus_client import Histogram
except ImportError:
    PASSES: Any = None
else:
    PASSES = Histogram(
        "syncgroups_pass_seconds",
        "Time that passes over a barrier, and sweeps over all of them, take in a worker, waiting for locks included.",
        ["work", "barrier"],
        buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
    )


@contextmanager
def timed(work: str, barrier_id: str = "") -> Iterator[None]:
    """Measure what is done inside, also if it raises."""
    if PASSES is None:
        yield
        return
    with PASSES.labels(work, barrier_id).time():
        yield
