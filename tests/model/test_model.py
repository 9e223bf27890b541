"""Whatever happens, in whatever order, the engine does what the model says and keeps every promise.

The suite runs a short form, the same examples each time. ``SYNCGROUPS_MODEL_EXAMPLES=1000`` runs so many other ones;
a failure is then printed as the fewest steps that lead to it, to be kept in ``test_regressions.py``.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from .machine import Site

pytestmark = pytest.mark.django_db(transaction=True)

#: Enough for each of the mutations that have been tried, and short enough for the suite.
SHORT = 100

EXAMPLES = int(os.environ.get("SYNCGROUPS_MODEL_EXAMPLES", "0"))

PROFILE = settings(
    max_examples=EXAMPLES or SHORT,
    stateful_step_count=50,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


def test_the_engine_does_what_the_model_says():
    run_state_machine_as_test(Site, settings=PROFILE)
