"""Messages from older and from newer code are understood, and what a worker cannot know of is left to others."""

from __future__ import annotations

import inspect

import pytest

from project.celery import app
from syncgroups import tasks, testing
from syncgroups.states import LinkState
from tests.engine.scenes import states
from tests.engine.test_worker import all_released, until
from tests.engine.worker_site.places import FOLDER, PLACES

NEW, OLD = "tests.engine.worker_site.settings", "project.settings"
GROUPER = "duo_grouper"


@pytest.fixture
def start(celery_worker_process, monkeypatch, tmp_path):
    """Start a worker with these settings. This process is one of new code, which has declared some more barriers."""
    monkeypatch.setenv(FOLDER, str(tmp_path))

    def start(settings):
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", settings)
        celery_worker_process("--pool=solo")

    with testing.declared(*PLACES):
        yield start


def served():
    """How many doorbells the workers have answered."""
    counts = (stats["total"] for stats in (app.control.inspect().stats() or {}).values())
    return sum(count.get(tasks.process_barrier.name, 0) for count in counts)


def test_tasks_are_called_what_they_have_always_been_called():
    """Fails when messages that wait in the broker, or a site's schedule, name tasks that are no longer there."""
    ours = {name for name in app.tasks if name.startswith("syncgroups.")}
    assert ours == {"syncgroups.tasks.process_barrier", "syncgroups.tasks.sweep"}


def test_what_a_doorbell_says_stays_where_it_is():
    """Fails when older messages would be misunderstood."""
    said = [(name, given.default) for name, given in inspect.signature(tasks.process_barrier.run).parameters.items()]
    assert said[:3] == [("barrier_id", inspect.Parameter.empty), ("cohort", ""), ("group", None)]


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_a_worker_serves_messages_of_older_and_newer_code(start):
    messages = [
        ((GROUPER,), {}),
        ((GROUPER, "two words"), {}),
        ((GROUPER, "three words", None), {}),
        ((GROUPER,), {"cohort": "one by name"}),
        ((), {"barrier_id": GROUPER, "cohort": "all by name", "group": None}),
        ((GROUPER, "a fourth word", None, "that nobody knows"), {}),
        ((GROUPER,), {"cohort": "a name", "that_nobody_knows": 1}),
    ]
    cohorts = [next(iter(args[1:2]), kwargs.get("cohort", "")) for args, kwargs in messages]
    people = [person for cohort in cohorts for person in testing.make_participants(2, cohort=cohort)]
    links = testing.arrive_all(people, GROUPER)
    app.control.purge()
    for args, kwargs in messages:
        app.send_task("syncgroups.tasks.process_barrier", args=args, kwargs=kwargs)
    start(NEW)
    until(all_released(links))


@pytest.mark.django_db
def test_a_message_to_sweep_may_say_more():
    with testing.declared(*PLACES):
        links = testing.arrive_all(testing.make_participants(2), GROUPER)
        tasks.sweep.apply(args=["that nobody knows"], kwargs={"nor_that": 1}, throw=True)
    assert states(links) == [LinkState.RELEASED] * 2


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_old_workers_beside_new_ones_lose_nobody_at_a_barrier_that_they_do_not_know(start):
    start(OLD)
    links = testing.arrive_all(testing.make_participants(2), GROUPER)
    until(lambda: served() == 2)
    assert states(links) == [LinkState.WAITING] * 2

    start(NEW)
    links += testing.arrive_all(testing.make_participants(8, cohort="those who come later"), GROUPER)

    def all_released_by_sweeps():
        tasks.sweep.delay()
        return all_released(links)()

    until(all_released_by_sweeps)
