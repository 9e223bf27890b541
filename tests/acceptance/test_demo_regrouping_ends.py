"""Regrouping: whoever drops out strands nobody, and no page leads anywhere but to where one is."""

import re
from pathlib import Path

import pytest

from project.regrouping import experiment
from project.regrouping.experiment import PATIENCE
from project.shared.models import Answer
from syncgroups import registry, testing
from syncgroups.barriers import KEPT_WAITING
from syncgroups.models import ParticipantLinkBarrier

from .demo_windows import DROPOUTS, everybody_has_an_outcome, leave, open_all, sit_out, vanish
from .regrouping_windows import Chair, answered_in_trio, in_pair, in_queue, in_trio, wait_for_so_long

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def text(response):
    return response.content.decode()


# Nobody is stuck


def do_what_is_asked(window):
    """Estimate, or wait; True once there is nothing left to do."""
    if window.page in ("trio/", "pair/"):
        window.estimate()
    return window.page in ("thanks/", "end/")


@pytest.mark.parametrize("drop_out", DROPOUTS)
@pytest.mark.parametrize("answered", [False, True])
def test_those_who_stay_of_a_trio_go_on_to_the_pairs(drop_out, answered):
    gone, *staying = in_trio()
    if answered:
        gone.estimate()
    drop_out(gone)
    for window in staying:
        window.estimate()
    if drop_out is vanish:
        wait_for_so_long(PATIENCE + 1, staying)
    testing.sweep()
    open_all(staying)
    assert {window.page for window in staying} == {"pair/wait/"}
    sit_out(staying, do_what_is_asked)
    assert not any(window.participant.failed for window in staying)
    assert {window.participant.status for window in staying} == {"finished"}
    assert everybody_has_an_outcome()


@pytest.mark.parametrize("drop_out", DROPOUTS)
@pytest.mark.parametrize("answered", [False, True])
def test_who_stays_of_a_pair_comes_to_the_end(drop_out, answered):
    gone, staying = in_pair()
    if answered:
        gone.estimate(100)
    drop_out(gone)
    staying.estimate(300)
    sit_out([staying], do_what_is_asked)
    assert (staying.page, staying.participant.status) == ("thanks/", "finished")
    page = staying.open()
    assert page.context["before"] == (200 if answered else None)
    assert ("Nobody else made the second estimate with you" in text(page)) != answered
    assert everybody_has_an_outcome()


def test_who_keeps_the_others_waiting_is_told_that_they_have_gone_on():
    gone, *staying = in_trio()
    for window in staying:
        window.estimate()
    wait_for_so_long(PATIENCE - 2, staying)
    assert {window.page for window in staying} == {"trio/answered/"}
    wait_for_so_long(3, staying)
    assert gone.participant.failed_reason == KEPT_WAITING
    assert "The others have gone on without you" in text(gone.open())


def test_who_was_the_only_one_of_a_trio_to_answer_is_told_no_mean():
    """Catches one's own estimate that is called the mean of a group."""
    first, *others = in_trio()
    for window in others:
        leave(window)
    first.estimate()
    testing.sweep()
    windows = [first, *answered_in_trio()]
    open_all(windows)
    testing.process("pair_grouper")
    page = first.open()
    assert first.page == "pair/"
    assert page.context["before"] is None
    assert "Mean of your first group" not in text(page)


@pytest.mark.parametrize("arrange", [in_trio, answered_in_trio, in_pair, lambda: in_queue("AAB")])
def test_when_all_close_their_windows_everybody_has_an_outcome(arrange):
    arrange()
    assert everybody_has_an_outcome()


def test_a_trio_that_does_not_come_together_leaves_with_credit():
    windows = [Chair.agreeing(), Chair.agreeing()]
    open_all(windows)
    wait_for_so_long(registry.get("trio_grouper").max_wait_time + 1, windows)
    assert [window.page for window in windows] == ["end/"] * 2
    assert "You are paid for 180 seconds" in text(windows[0].open())


# What researchers do


def test_a_trio_that_a_researcher_closes_goes_on():
    windows = in_trio()
    windows[0].participant.sync_group.close("power cut")
    open_all(windows)
    assert {window.page for window in windows} == {"pair/wait/"}


def test_a_pair_that_a_researcher_closes_is_thanked():
    first, second = in_pair()
    first.estimate()
    first.participant.sync_group.close("power cut")
    testing.sweep()
    open_all([first, second])
    assert [first.page, second.page] == ["thanks/"] * 2


def test_who_is_let_through_by_a_researcher_does_not_go_in_circles():
    window = Chair.agreeing()
    for page, barrier_id in (("trio/wait/", "trio_grouper"), ("pair/wait/", "pair_grouper")):
        window.open()
        assert window.page == page
        window.participant.active_barriers[barrier_id].release(by="researcher")
    assert "Nobody else made the second estimate" in text(window.open())
    assert window.page == "thanks/"


@pytest.mark.parametrize("find", [in_trio, in_pair])
def test_who_is_let_through_alone_after_an_answer_goes_on_alone_and_so_do_the_others(find):
    """Catches a circle: a page that leads on, and another one that leads back until the others' time is up."""
    first, *others = windows = find()
    part, after = ("trio", "pair/wait/") if find is in_trio else ("pair", "thanks/")
    first.estimate()
    first.participant.active_barriers[f"closer_{part}"].release(by="researcher")
    first.open(f"{part}_answered")
    assert first.page == after
    for window in others:
        window.estimate()
    testing.process(f"closer_{part}")
    open_all(windows)
    assert {window.page for window in windows} == {after}
    sit_out(windows, do_what_is_asked)
    assert not any(window.participant.failed for window in windows)
    assert everybody_has_an_outcome()


def test_who_is_put_into_a_second_trio_is_in_that_one():
    """Catches a membership of before that counts for the one of now."""
    trio, [mover, *_] = in_trio(), answered_in_trio()
    leave(trio[2])
    mover.open()
    trio[0].participant.sync_group.add(mover.participant)
    mover.open()
    assert mover.page == "trio/answered/"


# Pages that are opened again

PAGES = ("trio_wait", "trio", "trio_answered", "pair_wait", "pair", "pair_answered", "thanks")


def test_the_back_button_and_reloading_lead_to_where_one_is():
    windows = in_trio()
    windows[0].estimate()
    for window, place in ((windows[0], "trio/answered/"), (windows[1], "trio/"), (in_queue("A")[0], "pair/wait/")):
        before = ParticipantLinkBarrier.objects.count()
        for page in PAGES:
            window.open(page)
            assert window.page == place
        assert ParticipantLinkBarrier.objects.count() == before
        assert window.participant.is_active


@pytest.mark.parametrize("number", ["", "0", "-1", "10000", "x", "1.5", "\0", "9" * 5000])
def test_an_estimate_that_makes_no_sense_is_none(number):
    window = in_trio()[0]
    page = window.estimate(number)
    assert page.status_code == 200
    assert page.context["form"].errors["number"]
    assert window.page == "trio/"
    assert not Answer.objects.exists()


def test_estimates_of_others_are_shown_once_the_group_is_closed():
    """Catches a number that somebody learns before they have made up their mind."""
    first, second, third = in_trio()
    first.estimate(137)
    second.estimate(149)
    testing.process("closer_trio")
    open_all([first, second])
    assert first.page == "trio/answered/"
    for page in (first.open(), third.open()):
        assert not re.search(r"\b(137|143|149)\b", text(page))


def test_the_first_estimate_counts_and_the_second_question_has_its_own():
    first, _ = in_pair()
    first.client.post(first.address("pair"), {"number": "100"})
    first.estimate(300)
    assert [answer.value for answer in first.participant.answers.order_by("pk")] == [200, 100]


def test_no_page_has_scripts_or_styles_in_it():
    window = in_trio()[0]
    pages = [window.client.get("/regrouping/"), window.open(), window.estimate(), in_pair()[0].open()]
    for page in pages:
        assert "no-store" in page["Cache-Control"]
        for inline in ("<style", " style=", "<script>", "https://", " onclick"):
            assert inline not in text(page)


@pytest.mark.parametrize("demo", ["quorum", "regrouping"])
def test_the_demo_is_a_short_file_that_can_be_copied(demo):
    """Fails when it needs more than syncgroups, Django, and the frame that all demos share."""
    source = (Path(experiment.__file__).parents[1] / demo / "experiment.py").read_text()
    assert len(source.splitlines()) < 150
    modules = re.findall(r"^(?:from|import) ([\w.]+)", source, re.M)
    assert all(
        re.match(r"django|syncgroups|project\.shared|__future__|typing|statistics|collections", m) for m in modules
    )
