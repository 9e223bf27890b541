"""What Prometheus is told is what the database says, costs little, and is told to nobody else."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import Count, F
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from syncgroups import arrivals, tasks, testing
from syncgroups.metrics import site_registry
from syncgroups.models import ParticipantLinkBarrier, WakeUp
from syncgroups.processing import beating
from syncgroups.tallying import SETTLED, Tally
from tests.acceptance import researchers
from tests.acceptance.researchers import pairs_waiting, signed_in, staff
from tests.engine.scenes import number_of_queries

pytestmark = pytest.mark.django_db

VISITS = ParticipantLinkBarrier.objects

#: What the monitor takes, too.
WATCHING = ("view_barrierrecord", "view_participantlinkbarrier")


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


def told(text=None):
    """Every sample by its name and the values of its labels."""
    text = generate_latest(site_registry()).decode() if text is None else text
    families = text_string_to_metric_families(text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_who_waits_is_told_for_each_barrier_and_cohort():
    """Catches: cohorts or barriers in one sum, and barriers that nobody has left."""
    scene = pairs_waiting(2)
    testing.let_time_pass(30)
    samples = told()
    waiting = {key[1:]: value for key, value in samples.items() if key[0] == "syncgroups_waiting"}
    assert waiting == {(barrier, c): n for c in ("c0", "c1") for barrier, n in (("choice_made", 1), ("rps_grouper", 0))}
    assert 30 <= samples["syncgroups_longest_wait_seconds", "choice_made", "c0"] < 300
    arrivals.fail(scene.waiter)
    assert told()["syncgroups_waiting", "choice_made", "c0"] == 0


def test_barriers_of_long_ago_are_not_told():
    """Catches: as many series as there have ever been cohorts."""
    scene = pairs_waiting(1)
    arrivals.fail(scene.waiter)
    type(scene.record).objects.update(last_processed=Now() - timedelta(hours=2), last_error="")
    assert not [key for key in told() if key[0] == "syncgroups_waiting"]


def test_pauses_and_failing_passes_are_told():
    scene = pairs_waiting(2)
    arrivals.pause("choice_made", "c0")
    type(scene.record).objects.filter(barrier_id="choice_made", cohort="c1").update(last_error="ZeroDivisionError")
    samples = told()
    assert [samples["syncgroups_paused", "choice_made", c] for c in ("c0", "c1")] == [1, 0]
    assert [samples["syncgroups_failing", "choice_made", c] for c in ("c0", "c1")] == [0, 1]


def test_ends_are_counted_by_outcome_and_waits_by_length():
    """Catches: outcomes in one sum; a class of waits that takes those of another; classes that do not add up."""
    scene = pairs_waiting(3)
    arrivals.fail(scene.waiter)
    arrivals.leave(scene.pairs[1][0])
    VISITS.filter(barrier_id="rps_grouper").update(arrival_time=F("departure_time") - timedelta(seconds=7))
    samples = told()
    assert samples["syncgroups_visits_total", "rps_grouper", "released"] == 6
    assert samples["syncgroups_visits_total", "choice_made", "failed"] == 1
    assert samples["syncgroups_visits_total", "choice_made", "withdrawn"] == 1
    waits = [samples["syncgroups_wait_seconds_bucket", "rps_grouper", le] for le in ("5.0", "10.0", "3600.0", "+Inf")]
    assert waits == [0, 6, 6, 6]
    assert samples["syncgroups_wait_seconds_count", "rps_grouper"] == 6
    assert samples["syncgroups_wait_seconds_sum", "rps_grouper"] == pytest.approx(42, abs=0.1)


def test_the_latency_is_that_of_the_last_who_came():
    """Catches: the wait of the first one, who waited for the others and not for the engine."""
    scene = pairs_waiting(1)
    testing.let_time_pass(100)
    testing.arrive_all([scene.absentee], "choice_made")
    testing.process("choice_made", "c0")
    assert scene.visit.state == "released"
    samples = told()
    assert 0 <= samples["syncgroups_release_latency_seconds", "choice_made", "1"] < 50
    testing.let_time_pass(600)
    assert ("syncgroups_release_latency_seconds", "choice_made", "1") not in told()


def test_the_latency_is_without_pauses():
    """Catches: an engine that looks slow because a researcher had a break."""
    scene = pairs_waiting(1)
    testing.let_time_pass(100)
    testing.arrive_all([scene.absentee], "choice_made")
    arrivals.pause("choice_made", "c0")
    testing.let_time_pass(200)
    arrivals.resume("choice_made", "c0")
    testing.process("choice_made", "c0")
    assert scene.visit.state == "released"
    assert 0 <= told()["syncgroups_release_latency_seconds", "choice_made", "1"] < 50


def test_the_lag_is_that_of_the_oldest_thing_that_is_due():
    """Catches: paused barriers, and those that others declare, that look as if no sweep were running."""
    scene = pairs_waiting(1)
    testing.sweep()
    assert told()["syncgroups_sweep_lag_seconds",] == 0
    WakeUp.objects.create(barrier_id="choice_made", cohort="c0", due_at=Now() - timedelta(seconds=50))
    WakeUp.objects.create(barrier_id="elsewhere", due_at=Now() - timedelta(seconds=900))
    assert 50 <= told()["syncgroups_sweep_lag_seconds",] < 90
    assert told()["syncgroups_due_calls",] == 1
    VISITS.filter(pk=scene.visit.pk).update(deadline=Now() - timedelta(seconds=100))
    assert 100 <= told()["syncgroups_sweep_lag_seconds",] < 140
    arrivals.pause("choice_made", "c0")
    assert told()["syncgroups_sweep_lag_seconds",] == 0


def test_it_is_told_since_when_nobody_has_swept_or_worked(monkeypatch):
    """Catches: a beat that has stopped on a quiet site, where nothing is due that would lag."""
    monkeypatch.setattr(beating, "_beaten_at", {})
    last = {"syncgroups_last_sweep_age_seconds", "syncgroups_last_worker_age_seconds"}
    assert not last & {name for name, *_ in told()}, "never is no number of seconds"
    testing.sweep()
    testing.let_time_pass(50)
    tasks.process_barrier("choice_made")
    testing.let_time_pass(20)
    samples = told()
    assert samples["syncgroups_sweep_lag_seconds",] == 0
    assert 70 <= samples["syncgroups_last_sweep_age_seconds",] < 90
    assert 20 <= samples["syncgroups_last_worker_age_seconds",] < 40


def test_a_sweep_is_a_sign_of_a_worker_and_a_worker_none_of_a_sweep(monkeypatch):
    """Catches: doorbells that are answered, and hide that nobody sweeps."""
    monkeypatch.setattr(beating, "_beaten_at", {})
    tasks.process_barrier("choice_made")
    assert ("syncgroups_last_sweep_age_seconds",) not in told()
    testing.let_time_pass(50)
    testing.sweep()
    assert told()["syncgroups_last_worker_age_seconds",] < 20


def test_a_scrape_costs_as_many_queries_for_2_pairs_as_for_20():
    pairs_waiting(2)
    few = number_of_queries(told)
    pairs_waiting(18, start=2)
    assert number_of_queries(told) == few == 8


# The tally


def counted():
    """What it should say, the expensive way."""
    ended = VISITS.exclude(state="waiting").order_by().values_list("barrier_id", "state")
    return {(barrier, state): n for barrier, state, n in ended.annotate(n=Count("pk"))}


def summed(tally):
    sums = {}
    for (barrier, state, _), (n, _) in tally.totals().items():
        sums[barrier, state] = sums.get((barrier, state), 0) + n
    return sums


def age():
    VISITS.update(arrival_time=F("arrival_time") - 2 * SETTLED)


def test_each_visit_is_counted_once_whenever_it_ends():
    """Catches: a visit that was passed over because it went on, or was counted again with those that came later."""
    tally = Tally()
    for start in range(3):
        scene = pairs_waiting(1, start=start)
        assert summed(tally) == counted()
        age()
        assert summed(tally) == counted() == summed(tally)
        if start != 1:
            arrivals.fail(scene.waiter)
            assert summed(tally) == counted()


def test_a_visit_that_is_committed_late_is_counted():
    """Catches: summing up to a key below which a slow transaction has not committed yet."""
    tally = Tally()
    arrivals.fail(pairs_waiting(1).waiter)
    age()
    pairs_waiting(1, start=1)
    late = VISITS.at("rps_grouper", "c1").earliest("pk")
    VISITS.filter(pk=late.pk).delete()
    summed(tally)
    late.save(force_insert=True)
    assert summed(tally) == counted()


# Who may


def address():
    return reverse("syncgroups:metrics")


def test_metrics_are_for_staff():
    """Catches: figures of an experiment that anybody can read."""
    refused = Client().get(address())
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
    assert b"syncgroups" not in refused.content
    assert signed_in(User.objects.create_user("eve")).get(address()).status_code == 401
    ada = staff("ada", *WATCHING)
    client = signed_in(ada)
    answer = client.get(address())
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    assert ("syncgroups_sweep_lag_seconds",) in told(answer.content.decode())
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert client.get(address()).status_code == 401


@pytest.mark.parametrize("held", [(), WATCHING[:1], WATCHING[1:]])
def test_metrics_take_the_permissions_of_the_monitor(held):
    """Catches: barriers and cohorts, and how many are there, told to staff who may look at neither."""
    pairs_waiting(1)
    answer = signed_in(staff("eve", *held)).get(address())
    assert (answer.status_code, b"choice_made" in answer.content) == (401, False)


def test_metrics_are_not_for_those_who_may_watch_but_are_no_staff():
    ada = staff("ada", *WATCHING)
    User.objects.filter(pk=ada.pk).update(is_staff=False)
    assert signed_in(ada).get(address()).status_code == 401


def test_metrics_are_not_for_those_who_are_restricted_to_cohorts(settings):
    """Catches: other cohorts' names and numbers, which the API keeps from them, one address further."""
    settings.SYNCGROUPS_COHORTS_OF_USER = f"{__name__}.cohorts_by_name"
    settings.SYNCGROUPS_METRICS_TOKEN = "s3cret"
    statuses = [signed_in(staff(name, *WATCHING)).get(address()).status_code for name in ("ada", "eve")]
    assert statuses == [200, 401]
    assert Client().get(address(), headers={"Authorization": "Bearer s3cret"}).status_code == 200


def cohorts_by_name(user):
    return {"c0"} if user.get_username() == "eve" else None


def test_a_token_opens_them_if_one_is_set(settings):
    """Catches: an empty token that opens them to those who say an empty one."""
    for said in ("Bearer ", "Bearer", "", "Bearer None"):
        assert Client().get(address(), headers={"Authorization": said}).status_code == 401
    settings.SYNCGROUPS_METRICS_TOKEN = "s3cret"
    for said, status in (("Bearer s3cret", 200), ("Bearer S3cret", 401), ("s3cret", 401), ("Bearer ", 401), ("é", 401)):
        assert Client().get(address(), headers={"Authorization": said}).status_code == status
    assert Client().get(address()).status_code == 401


def test_prometheus_is_answered_in_the_format_that_it_asks_for():
    client = signed_in(staff("ada", *WATCHING))
    answer = client.get(address(), headers={"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
    assert answer["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.endswith(b"# EOF\n")


def test_metrics_change_nothing():
    assert signed_in(staff("ada", *WATCHING)).post(address()).status_code == 405
