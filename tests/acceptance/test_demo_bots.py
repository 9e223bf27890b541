"""The demo played over HTTP by bots, with a real worker and a real beat."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import httpx
import pytest
from django.core.management import CommandError, call_command

from project import serve
from project.demo.barriers import CHOICE_MADE, CLOSER, GROUPER
from project.demo.models import Choice
from project.demo.pages import read_page
from syncgroups import registry
from syncgroups.barriers import KEPT_WAITING
from syncgroups.models import BarrierRecord, Participant, ParticipantLinkBarrier, SyncGroup
from syncgroups.states import LinkState

#: Seconds; short, because the test sits them out.
MAX_WAIT = 8


@pytest.fixture
def site(live_server, celery_worker_process, keeper, monkeypatch):
    """The demo with short waits, its worker and its beat. Gives the address."""
    monkeypatch.setenv("DEMO_MAX_WAIT", str(MAX_WAIT))
    monkeypatch.setenv("DEMO_ABSENT_AFTER", "15")
    for barrier in (GROUPER, CHOICE_MADE, CLOSER):
        monkeypatch.setattr(registry.get(barrier), "max_wait_time", MAX_WAIT)
    celery_worker_process("--concurrency=2", "--beat", f"--schedule={keeper.folder()}/schedule")
    return live_server.url


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_twelve_bots_with_drop_outs_end_with_nobody_stuck_and_every_round_scored_once(site, capsys):
    # With this seed some vanish, some press the button, and most play to the end.
    call_command("bots", url=site, participants=12, dropout=0.4, arrival_rate=6, seed=7, cohort="bots", timeout=60)

    outcomes = Counter(person.failed_reason or person.status for person in Participant.objects.all())
    assert sum(outcomes.values()) == 12
    assert not outcomes["working"], "everybody has come to an end"
    assert outcomes["finished"] >= 4
    assert outcomes["left"]
    assert outcomes[KEPT_WAITING]
    assert not ParticipantLinkBarrier.objects.waiting().exists()
    assert not ParticipantLinkBarrier.objects.filter(state=LinkState.TIMED_OUT, barrier_id=CHOICE_MADE).exists()
    assert not BarrierRecord.objects.exclude(last_error="").exists()
    for group in SyncGroup.objects.filter(cohort="bots"):
        assert_scored_once(group)
    told = capsys.readouterr().out
    assert "Groups formed" in told
    assert GROUPER in told


def assert_scored_once(group):
    """Each round that both chose in and passed together is scored, once, and rightly."""
    assert (group.last_error, group.error_count) == ("", 0)
    rounds = Counter(group.details.get("rounds_scored", []))
    assert set(rounds.values()) <= {1}
    scored = Choice.objects.filter(group=group).exclude(points=None)
    assert Counter(scored.values_list("round", flat=True)) == dict.fromkeys(rounds, 2)
    finished = group.participant_links.filter(participant__status="finished").count()
    assert finished < 2 or set(rounds) == {1, 2, 3}
    for number in rounds:
        one, other = scored.filter(round=number)
        assert (one.points, other.points) == (one.beats(other), other.beats(one))


@pytest.mark.django_db(transaction=True)
def test_bots_that_nobody_processes_are_named_and_the_command_fails(live_server, monkeypatch):
    """Catches a run that counts only those who reached an end."""
    monkeypatch.setattr("project.demo.management.commands.bots.GRACE", 0)
    monkeypatch.setattr(registry.get(GROUPER), "max_wait_time", 2)
    with pytest.raises(CommandError, match=r"^2 ended without an outcome: P-\w+ still waits at 'rps_grouper'"):
        call_command("bots", url=live_server.url, participants=2, dropout=0, timeout=6)


@pytest.mark.django_db(transaction=True)
def test_bots_refuse_a_site_that_plays_in_groups_of_another_size(live_server):
    with pytest.raises(CommandError, match="DEMO_GROUP_SIZE=3"):
        call_command("bots", url=live_server.url, group_size=3)


@pytest.mark.parametrize(
    "wrong",
    [{"participants": 0}, {"group_size": 1}, {"dropout": 1.5}, {"dropout": -0.1}, {"arrival_rate": 0}, {"timeout": 0}],
)
def test_numbers_that_make_no_sense_are_refused_with_a_sentence(wrong):
    with pytest.raises(CommandError, match="must be"):
        call_command("bots", **wrong)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://", "nonsense"])
def test_a_site_that_does_not_answer_is_reported_as_such(url):
    with pytest.raises(CommandError, match="does not answer as it should"):
        call_command("bots", url=url)


# The command that starts a site for them


@pytest.mark.django_db(transaction=True)
def test_a_site_on_this_machine_is_asked_by_no_proxy(live_server, keeper, monkeypatch):
    """Fails on machines from which others are reached by a proxy only, as at many universities."""
    address = live_server.url.replace("localhost", "127.0.0.1")
    monkeypatch.setattr(serve, "PATIENCE", 5)
    for name, value in serve.without_proxy({"http_proxy": "http://127.0.0.1:9", "no_proxy": "example.org"}).items():
        monkeypatch.setenv(name, value)
    assert os.environ["no_proxy"].startswith("example.org,")
    assert httpx.get(address).status_code
    monkeypatch.delenv("no_proxy")
    serve.wait_for_answer(keeper, address)


@pytest.mark.parametrize("port", [-1, 65536, 99999])
def test_a_port_that_there_is_not_is_refused_with_a_sentence(port):
    with pytest.raises(SystemExit, match="There is no port"):
        serve.chosen_port(port)


@pytest.mark.parametrize("size", ["1", "0", "two"])
def test_so_is_a_group_of_one_before_the_site_starts(size):
    """Fails when the site's settings stumble over it."""
    with pytest.raises(SystemExit, match="must be 2 or more"):
        serve.game_for(["--group-size", size])


def test_ctrl_c_while_the_site_is_being_migrated_ends_it_without_a_word(tmp_path):
    """Fails when somebody who has only pressed the wrong key reads a traceback."""
    env = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3", "CELERY_BROKER_URL": "memory://"}
    command = [sys.executable, "-m", "project.serve", "demo", "--port", str(serve.free_port())]
    out, both = subprocess.PIPE, subprocess.STDOUT
    process = subprocess.Popen(command, cwd=serve.ROOT, env=env, start_new_session=True, stdout=out, stderr=both)
    while not (tmp_path / "db.sqlite3").exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    told = process.communicate(timeout=30)[0].decode()
    assert (process.returncode, told) == (0, "")


# What they see


def test_a_bot_reads_a_page_as_a_browser_does():
    page = read_page(
        "http://site/a/?cohort=x",
        '<form id="f" method="post"><input name="t" value="1"><input type="checkbox" name="agree">'
        '<button name="move" value="rock">R</button></form><input name="outside" value="2">'
        '<a rel="next" href="../b/">on</a>',
    )
    form = page.forms["f"]
    assert form.action == "http://site/a/?cohort=x"
    assert form.fields == {"t": "1", "agree": "on"}
    assert form.buttons == [("move", "rock")]
    assert page.next_url == "http://site/b/"
    assert page.poll_url is None
