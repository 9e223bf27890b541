"""What the monitor's page shows of the engine and of each row, and everything that can be done from there."""

import re
from collections import defaultdict
from html import unescape

import pytest

from syncgroups import arrivals, testing
from syncgroups.admin.base import moment
from syncgroups.models import BarrierRecord, Heartbeat, ParticipantLinkBarrier, SyncGroup, WakeUp
from syncgroups.monitoring import overview
from syncgroups.processing import beating

from . import researchers
from .researchers import confirm, pairs_waiting, queries, signed_in, staff
from .test_monitor import BOTH, LIVE, PAGE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


@pytest.fixture
def ada(db):
    return signed_in(staff("ada", is_superuser=True))


@pytest.fixture
def scene(_declared):
    return pairs_waiting(1)


def shown(client):
    return client.get(LIVE, {"cohort": "c0"}).content.decode()


def offered(html):
    """By the list that takes them, the verbs of all menus."""
    found = defaultdict(set)
    for kind, form in re.findall(r'action="/admin/syncgroups/(\w+)/">(.*?)</form>', html, re.S):
        found[kind] |= set(re.findall(r'name="action" value="(\w+)"', form))
    return found


def of_cohort(html):
    return offered(html.split('id="act-cohort"')[1].split("</details>")[0])["barrierrecord"]


VERBS = {
    "barrierrecord": {
        *("pause", "process_now", "put_off", "message"),
        *("pause_cohort", "resume_cohort", "put_off_cohort", "message_cohort"),
    },
    "syncgroup": {
        *("elect_leader", "release", "retry", "pause", "add_member", "put_off", "message", "close"),
    },
    "participantlinksyncgroup": {"make_leader", "remove", "move", "replace"},
    "participant": {"fail", "leave"},
    "participantlinkbarrier": {"release", "put_off", "message"},
}


def test_every_verb_that_makes_sense_is_offered_at_its_row(ada, scene):
    """Catches: a verb for which one has to leave the monitor, because its menu has lost it."""
    html = shown(ada)
    assert offered(html) == VERBS
    assert of_cohort(html) == {"pause_cohort", "resume_cohort", "put_off_cohort", "message_cohort"}
    scene.visit.release()
    assert of_cohort(shown(ada)) == {"pause_cohort", "resume_cohort"}
    arrivals.pause("choice_made", "c0", by="ada")
    assert "resume" in offered(shown(ada))["barrierrecord"]


def test_a_row_says_how_long_until_when_who_leads_and_who_is_late(ada, scene):
    """Catches: a column that is there, and empty."""
    type(scene.absentee).objects.filter(pk=scene.absentee.pk).update(presence="gone")
    html = shown(ada)
    barrier = html.split('data-key="barrier-choice_made"')[1].split("</tr>")[0]
    assert f'data-since="{scene.visit.arrival_time.isoformat()}"' in barrier
    assert f'data-until="{scene.visit.deadline.isoformat()}"' in barrier
    assert f">{moment(scene.visit.deadline)}<" in barrier
    group = html.split(f'data-key="group-{scene.group.pk}"')[1].split("</tr>")[0]
    leader = group.split(f'data-key="member-{scene.group.leader.pk}"')[1].split("</li>")[0]
    assert "leads" in leader
    assert group.count(">leads<") == 1
    late = group.split(f'data-key="member-{scene.absentee.pk}"')[1].split("</li>")[0]
    assert "is-error" in late
    stop = html.split('data-key="stop-rps_grouper"')[1].split("</li>")[0]
    assert "2 gone on" in stop
    assert "1 on the way" in stop


def test_no_deadline_is_told_of_a_barrier_where_no_time_runs(ada, scene):
    """Catches: a clock time at which nothing will happen, beside a sentence that says so."""
    pages = {LIVE: {"cohort": "c0"}, "/admin/syncgroups/barrierrecord/": {}}

    def told():
        until = moment(scene.visit.deadline)
        return [f">{until}<" in ada.get(page, query).content.decode() for page, query in pages.items()]

    assert told() == [True, True]
    arrivals.pause("choice_made", "c0", by="ada")
    assert told() == [False, False]


def test_a_deadline_that_has_passed_needs_attention(ada, scene):
    ParticipantLinkBarrier.objects.waiting().update(deadline=scene.visit.arrival_time)
    html = shown(ada)
    assert "The time of somebody here has been up since" in html.split('id="monitor-problems"')[1]
    assert "monitor-late" in html


def test_the_engine_says_whether_it_is_at_work(ada, scene, monkeypatch):
    """Catches: figures of the engine's health that are computed, and not told; or told only when all is well."""
    WakeUp.objects.all().delete()
    monkeypatch.setattr(beating, "_beaten_at", {})

    def engine():
        return re.sub(r"<[^>]+>|\s+", " ", shown(ada).split("monitor-engine")[1].split("</section>")[0])

    def told(name):
        [value] = re.findall(rf"<dt>{name}</dt><dd>(.*?)</dd>", shown(ada))
        return value

    assert "Up to date" in engine()
    assert (told("Lag"), told("Last sweep"), told("Worker seen")) == ("0 s", "never", "never")
    testing.sweep()
    sweep = moment(Heartbeat.objects.get(part="sweep").at)
    assert (told("Last sweep"), told("Worker seen")) == (sweep, sweep)
    assert told("Last pass") == moment(BarrierRecord.objects.latest("last_processed").last_processed)
    SyncGroup.objects.update(error_count=1)
    assert "1 release failed, and is tried again." in engine()
    call = WakeUp.objects.create(barrier_id="choice_made", cohort="c0")
    testing.let_time_pass(45)
    assert "Behind" in engine()
    assert told("Lag") in {f"{n} s" for n in range(45, 60)}
    Heartbeat.objects.filter(part="sweep").update(part="worker")
    testing.let_time_pass(45)
    assert "No worker" in engine()
    call.delete()
    Heartbeat.objects.update(part="sweep")
    assert "No sweep" in engine()
    assert (told("Last sweep"), told("Lag")) == (moment(Heartbeat.objects.get().at), "0 s")


def alone_at(html, barrier_id):
    return html.split(f'data-key="alone-{barrier_id}"')[1].split("</tr>")[0]


def test_who_waits_without_a_group_can_be_acted_on_from_there(ada, scene):
    """Catches: somebody without a group whom one has to look for in the list of visits."""
    [person] = testing.make_participants(1, cohort="c0")
    [visit] = testing.arrive_all([person], "rps_grouper")
    type(person).objects.filter(pk=person.pk).update(presence="gone")
    html = shown(ada)
    row = alone_at(html, "rps_grouper")
    assert 'data-key="alone-choice_made"' not in html
    assert offered(row) == {
        "participantlinkbarrier": {"release", "put_off", "message"},
        "participant": {"fail", "leave"},
    }
    for told in (str(person), "is-gone", f'data-since="{visit.arrival_time.isoformat()}"'):
        assert told in row
    confirm(ada, "put_off", visit, minutes="1", on_monitor="1")
    assert confirm(ada, "release", visit, on_monitor="1").redirect_chain == [(f"{PAGE}?cohort=c0", 302)]
    assert "alone-" not in shown(ada)


def test_who_may_not_act_is_offered_nothing_there(scene):
    testing.arrive_all(testing.make_participants(1, cohort="c0"), "rps_grouper")
    row = alone_at(shown(signed_in(staff("vera", *BOTH))), "rps_grouper")
    assert "P-" in row
    assert "<form" not in row


def test_those_who_are_not_shown_are_counted_and_in_the_list(ada, monkeypatch):
    """Catches: a link to a list of others, or one for nobody."""
    monkeypatch.setattr(overview, "ALONE", 2)
    people = testing.make_participants(4, cohort="c0")
    testing.arrive_all(people, "rps_grouper")
    row = alone_at(shown(ada), "rps_grouper")
    assert row.count('data-key="visit-') == 2
    assert "2 more are not shown." in row
    [url] = re.findall(r'<p class="monitor-more">.*href="([^"]+)"', row)
    assert {visit.participant for visit in ada.get(unescape(url)).context["cl"].queryset} == {*people}
    people[3].leave()
    people[2].leave()
    assert "not shown" not in alone_at(shown(ada), "rps_grouper")


def test_it_costs_as_much_with_2_who_wait_without_a_group_as_with_200(ada):
    def more(n):
        testing.arrive_all(testing.make_participants(n, cohort="c0"), "rps_grouper")

    more(2)
    few = queries(lambda: shown(ada))
    more(198)
    assert queries(lambda: shown(ada)) == few
