"""Whatever happens, in whatever order, the engine does what the model says and keeps every promise.

The suite runs a short form, the same examples each time. ``SYNCGROUPS_MODEL_EXAMPLES=1000`` runs so many other ones;
a failure is then printed as the fewest steps that lead to it, to be kept in ``test_regressions.py``.
"""

import os
from random import SystemRandom

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from .machine import Site

pytestmark = pytest.mark.django_db(transaction=True)

#: Hypothesis goes on to vary what it has tried: so many examples of a run are all of a kind of their own.
AT_ONCE = 10

#: Runs that are enough for each of the mutations that have been tried, and short enough for the suite.
SHORT = range(6)

EXAMPLES = int(os.environ.get("SYNCGROUPS_MODEL_EXAMPLES", "0"))

RUNS = [SystemRandom().getrandbits(32) for _ in range(-(-EXAMPLES // AT_ONCE))] if EXAMPLES else SHORT

PROFILE = settings(
    max_examples=AT_ONCE,
    stateful_step_count=50,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


@pytest.mark.parametrize("number", RUNS)
def test_the_engine_does_what_the_model_says(number):
    run_state_machine_as_test(seed(number)(type("Site", (Site,), {})), settings=PROFILE)
