"""A researcher at work: thirty bots play, and one browser window watches and steers them."""

import asyncio
from threading import Thread

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from project.demo import scoring
from project.demo.barriers import CHOICE_MADE, GROUPER
from project.demo.bots import Crowd, play
from syncgroups import testing, verifying
from syncgroups.admin import monitor
from syncgroups.models import AuditEntry, ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup
from syncgroups.states import Verb
from tests.acceptance.demo_windows import Window, sweep_until

from .researchers import signed_in
from .test_accessibility import LAPTOP, faults_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COHORT = "monday"
MONITOR = f"/admin/syncgroups/barrierrecord/monitor/?cohort={COHORT}"
BOTS = 30


@pytest.fixture(autouse=True)
def _quick(settings, monkeypatch):
    settings.SYNCGROUPS_POLL_INTERVAL = 0.2
    monkeypatch.setattr(monitor, "INTERVAL", 0.5)


@pytest.fixture
def bots(live_server):
    """Start the bots in a thread; at the end each of them has reached an end."""
    crowd = Crowd(BOTS, cohort=COHORT, arrival_rate=20, thinking=0.05, timeout=90, seed=7)
    lives = []
    thread = Thread(target=lambda: lives.extend(asyncio.run(play(f"{live_server.url}/rps/", crowd))), daemon=True)
    yield thread
    thread.join(100)
    assert sorted({life.outcome for life in lives}) == ["ended"], [life.trace[-3:] for life in lives]


@pytest.fixture
def broken(monkeypatch):
    """While there is something in it, the first group that is scored cannot be: its primary key is put into it."""
    fault, score = ["any"], scoring.score

    def score_or_not(group, participants):
        if fault == ["any"]:
            fault[0] = group.pk
        if fault == [group.pk]:
            raise ZeroDivisionError("no points")
        score(group, participants)

    monkeypatch.setattr(scoring, "score", score_or_not)
    return fault


class Desk:
    """The researcher's window, and what they do in it."""

    def __init__(self, page):
        self.page = page

    def watch(self):
        self.page.goto(MONITOR)

    def act(self, row, verb, **fields):
        """Choose a verb at a row of the monitor."""
        self.page.locator(f"[id='act-{row}'] > summary").click()
        self.page.locator(f"[id='act-{row}']").get_by_role("button", name=verb, exact=True).click()
        self.confirm(verb, **fields)

    def confirm(self, verb, **fields):
        for name, value in {"reason": "it is about time", **fields}.items():
            field = self.page.locator(f"[name={name}]")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        self.page.get_by_role("button", name=verb, exact=True).click()
        expect(self.page.locator(".messagelist .success")).to_contain_text("done for")

    def waiting_at(self, barrier_id):
        return self.page.locator(f'[data-key="stop-{barrier_id}"] b')

    def row_of(self, group):
        return self.page.locator(f'[data-key="group-{group.pk}"]')


def test_a_researcher_watches_thirty_bots_and_steers_them(window, live_server, bots, broken):
    stayer = Window.agreeing(cohort=COHORT)
    stayer.open()
    user = User.objects.create_superuser("ada")
    page = window(viewport=LAPTOP)
    key = signed_in(user).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
    desk = Desk(page)
    testing.sweep()

    # Nobody is grouped before everybody is there.
    desk.watch()
    desk.act(f"barrier-{GROUPER}", "Pause")
    bots.start()
    sweep_until(lambda: desk.waiting_at(GROUPER).inner_text() == str(BOTS + 1), page)
    expect(page.locator("#monitor-problems")).to_contain_text("Paused by ada")
    assert faults_of(page) == []

    # The first group is formed by hand, with somebody in it who does nothing more.
    partner = ParticipantLinkBarrier.objects.waiting().at(GROUPER, COHORT).latest("pk").participant
    page.locator(f'[data-key="barrier-{GROUPER}"] td a').first.click()
    for person in (stayer.participant, partner):
        page.get_by_role("row").filter(has_text=str(person)).get_by_role("checkbox").check()
    page.locator("select[name=action]").select_option("form_group")
    page.get_by_role("button", name="Go", exact=True).click()
    desk.confirm("Form a group")
    by_hand = SyncGroup.objects.get()
    assert by_hand.active_participants == [stayer.participant, partner]

    # The others are grouped by the rule; one is left over.
    desk.watch()
    desk.act(f"barrier-{GROUPER}", "Resume")
    sweep_until(lambda: SyncGroup.objects.count() == 1 + (BOTS - 1) // 2, page)
    leftover = ParticipantLinkBarrier.objects.waiting().at(GROUPER, COHORT).get().participant

    # Why is nobody moving?
    sweep_until(lambda: ParticipantLinkBarrier.objects.waiting().filter(sync_group=by_hand).exists(), page)
    sweep_until(lambda: broken != ["any"], page)
    failing = SyncGroup.objects.get(pk=broken[0])
    desk.watch()
    expect(desk.row_of(by_hand)).to_contain_text(f"waits for {stayer.participant}")
    expect(desk.row_of(failing)).to_contain_text("on_release raised ZeroDivisionError")
    assert faults_of(page) == []

    # They are told, and given time; what is broken is mended and tried again.
    desk.act(f"barrier-{CHOICE_MADE}", "Send a message", text="We are looking into it.")
    desk.act(f"group-{failing.pk}", "Give more time", minutes="5")
    assert ParticipantLinkBarrier.objects.filter(sync_group=failing, message="We are looking into it.").exists()
    broken.clear()
    desk.act(f"group-{failing.pk}", "Try again now")
    first_round = ParticipantLinkBarrier.objects.filter(sync_group=failing, barrier_id=CHOICE_MADE, visit="1")
    assert not first_round.waiting().exists()

    # Who does nothing is replaced by the one who is left over.
    membership = ParticipantLinkSyncGroup.objects.get(participant=stayer.participant)
    desk.act(f"member-{membership.pk}", "Replace", into=str(leftover.pk), then="failed")
    assert stayer.participant.failed
    assert set(by_hand.active_participants) == {partner, leftover}

    # Everybody plays to the end.
    sweep_until(lambda: not bots.is_alive(), page)
    desk.watch()
    expect(page.get_by_text("No group is active.")).to_be_visible()
    done = [Verb.PAUSE, Verb.FORM_GROUP, Verb.RESUME, Verb.MESSAGE, Verb.PUT_OFF, Verb.PROCESS]
    done += [Verb.FAIL, Verb.REPLACE_MEMBER]
    assert list(dict.fromkeys(entry.verb for entry in AuditEntry.objects.order_by("pk"))) == done
    assert {entry.by for entry in AuditEntry.objects.all()} == {"ada"}
    assert verifying.findings() == []
