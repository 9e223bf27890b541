"""Whoever drops out of the demo never strands the partner."""

from datetime import timedelta

import pytest
from django.utils import timezone

from project.demo.barriers import CHOICE_MADE, CLOSER, GROUPER
from project.demo.models import Choice
from project.shared.absence import end_the_vanished
from project.shared.conf import ABSENT_AFTER, MAX_WAIT, PATIENCE
from project.shared.views import WaitView
from syncgroups import testing
from syncgroups.barriers import KEPT_WAITING
from syncgroups.models import AbstractParticipant, ParticipantLinkBarrier, SyncGroup, all_participants

from .demo_windows import DROPOUTS, Window, close, pair, play_round

pytestmark = [pytest.mark.django_db, pytest.mark.once]


#: How many rounds are over, and whether the one who drops out has chosen in the next one.
MOMENTS = [(0, False), (0, True), (1, False), (1, True), (2, True), (3, False)]


def go_to_the_end(window):
    """Do what the page asks for; where it asks to wait, time passes. Returns the pages seen."""
    seen = []
    for _ in range(30):
        seen.append(window.page)
        if window.page in ("thanks/", "end/"):
            return seen
        if window.page.endswith("wait/") or window.page in ("closing/", "partner/"):
            testing.let_time_pass(PATIENCE + 1)
            testing.sweep()
            window.open()
        elif window.page.endswith("result/"):
            onwards = window.open().context["next_url"]
            window._follow(window.client.get(onwards))
        else:
            window.send("choose", int(window.page.split("/")[1]), move="rock")
    raise AssertionError(f"Stranded after {seen}.")


@pytest.mark.parametrize("drop_out", DROPOUTS)
@pytest.mark.parametrize(("over", "chosen"), MOMENTS)
def test_the_partner_of_a_drop_out_gets_to_the_thanks(drop_out, over, chosen):
    """Catches a minimum group size of two, and time limits that strike those who wait: both fail the one who stays."""
    windows = pair()
    for number in range(1, over + 1):
        play_round(windows, number)
    gone, staying = windows
    if chosen:
        gone.send("choose", over + 1, move="paper")
    drop_out(gone)
    staying.open()
    assert go_to_the_end(staying)[-1] == "thanks/"
    assert staying.participant.status == "finished"
    assert not staying.participant.failed
    assert not ParticipantLinkBarrier.objects.waiting().exists()


def test_who_vanishes_is_failed_for_keeping_the_others_waiting():
    gone, staying = pair()
    staying.send("choose", 1, move="rock")
    testing.process(CHOICE_MADE)
    testing.let_time_pass(PATIENCE * 0.9)
    testing.sweep()
    assert gone.participant.is_active
    testing.let_time_pass(PATIENCE * 0.3)
    testing.sweep()
    assert gone.participant.failed_reason == KEPT_WAITING
    gone.open()
    assert gone.page == "end/"
    assert "The others have gone on without you" in gone.open().content.decode()


def test_a_look_just_before_patience_ends_does_not_put_the_next_one_off_until_the_deadline():
    """Catches a rule that is asked once in `patience` seconds: the next time may be when the waits end, too."""
    gone, staying = pair()
    gone.send("choose", 1, move="rock")
    testing.process(CHOICE_MADE)  # arranges a look that is left over from this round
    play_round([staying], 1, "rock")
    gone.open()
    testing.let_time_pass(PATIENCE / 2)
    staying.send("choose", 2, move="rock")
    testing.process(CHOICE_MADE)
    for share_of_patience in (0.55, 0.75):
        testing.let_time_pass(PATIENCE * share_of_patience)
        testing.sweep()
    assert gone.participant.failed_reason == KEPT_WAITING
    staying.open()
    assert staying.page == "rounds/2/result/"


def test_the_one_who_stays_is_told_that_the_game_ends_early_and_keeps_the_credit():
    gone, staying = pair()
    play_round((gone, staying), 1)
    staying.send("choose", 2, move="rock")
    testing.let_time_pass(10)
    gone.send("leave")
    testing.sweep()
    staying.open()
    assert staying.page == "rounds/2/result/"
    page = staying.open()
    assert "This round does not count" in page.content.decode()
    assert "That is not your fault" in page.content.decode()
    assert "Next round" not in page.content.decode()
    close([staying])
    thanks = staying.open()
    assert "The game ended early, because you were the only one left" in thanks.content.decode()
    assert thanks.context["credit"] >= 10


def test_a_choice_of_which_the_partner_has_gone_stays_unscored():
    gone, staying = pair()
    gone.send("choose", 1, move="paper")
    gone.send("leave")
    staying.send("choose", 1, move="rock")
    testing.sweep()
    staying.open()
    assert set(Choice.objects.values_list("points", flat=True)) == {None}
    assert "Paper" not in staying.open("feedback", 1).content.decode()


def test_leaving_ends_the_participation_at_once_and_says_goodbye():
    windows = pair()
    page = windows[0].send("leave")
    assert windows[0].page == "end/"
    assert "You have left the study" in page.content.decode()
    assert windows[0].participant.status == "left"
    windows[0].send("choose", 1, move="rock")
    assert windows[0].page == "end/"
    assert not Choice.objects.exists()


def test_leaving_takes_a_press_of_the_button():
    window = Window.agreeing()
    assert window.client.get(window.address("leave")).status_code == 405
    assert window.participant.is_active


def test_who_finds_no_partner_in_time_is_told_why():
    window = Window.agreeing()
    window.open()
    testing.let_time_pass(MAX_WAIT + 1)
    testing.sweep()
    page = window.open()
    assert window.page == "end/"
    assert "Nobody came to play with you" in page.content.decode()
    assert page.context["credit"] == MAX_WAIT
    assert window.participant.failed_reason == f"waited too long at barrier '{GROUPER}'"


def test_when_both_vanish_nobody_waits():
    windows = pair()
    windows[0].send("choose", 1, move="rock")
    testing.let_time_pass(MAX_WAIT + 1)
    testing.sweep()
    testing.let_time_pass(MAX_WAIT + 1)
    testing.sweep()
    assert not ParticipantLinkBarrier.objects.waiting().exists()


def test_who_closes_the_window_where_they_wait_for_nothing_leaves_after_a_while():
    """Catches somebody who never comes to an end because nobody waits for them."""
    windows = pair()
    testing.let_time_pass(ABSENT_AFTER - 30)
    end_the_vanished()
    assert all(window.participant.is_active for window in windows)
    testing.let_time_pass(31)
    end_the_vanished()
    assert [window.participant.status for window in windows] == ["left", "left"]
    assert not SyncGroup.objects.active().exists()


def test_who_comes_back_while_others_are_being_ended_stays(monkeypatch):
    """Catches: ending somebody by what was true before the others had been ended."""
    windows, leave = pair(), AbstractParticipant.leave
    testing.let_time_pass(ABSENT_AFTER + 1)

    def leave_as_the_other_comes_back(participant, reason):
        leave(participant, reason)
        all_participants().exclude(pk=participant.pk).update(last_seen_at=timezone.now())

    monkeypatch.setattr(AbstractParticipant, "leave", leave_as_the_other_comes_back)
    end_the_vanished()
    assert sorted(window.participant.status for window in windows) == ["left", "working"]


def test_who_waits_is_not_taken_to_have_gone():
    window = Window.agreeing()
    window.open()
    all_participants().update(last_seen_at=timezone.now() - timedelta(days=1))
    end_the_vanished()
    assert window.participant.is_active


def test_who_is_let_through_by_a_researcher_goes_on():
    window = Window.agreeing()
    window.open()
    window.participant.active_barriers[GROUPER].release(by="researcher")
    page = window.open().content.decode()
    assert window.page == "thanks/"
    assert "The game did not take place" in page
    assert "the only one left" not in page


def test_a_group_that_a_researcher_closes_has_played_its_last_round():
    windows = pair()
    windows[0].send("choose", 1, move="rock")
    windows[0].participant.sync_group.close("power cut")
    testing.sweep()
    pages = [window.open().content.decode() for window in windows]
    assert [window.page for window in windows] == ["thanks/"] * 2
    for page in pages:
        assert "Not all rounds of the game took place" in page
        assert "the only one left" not in page


def read_the_last_result():
    """Two windows whose players have played all rounds; the first one still reads, the second one has gone on."""
    windows = pair()
    for number in (1, 2, 3):
        play_round(windows, number)
    windows[1].open("closing")
    testing.process(CLOSER)
    assert windows[1].page == "closing/"
    return windows


def test_the_closer_waits_for_nobody_who_reads_for_long_and_nobody_is_failed_for_it():
    """Catches a closer that fails the absent: they lose a game that they have played to the end."""
    late, other = read_the_last_result()
    testing.let_time_pass(PATIENCE + 1)
    testing.sweep()
    other.open()
    assert other.page == "thanks/"
    assert late.participant.is_active
    assert late.participant.active_sync_groups == {}
    page = late.open("closing")
    assert late.page == "thanks/"
    assert late.participant.status == "finished"
    assert "Your points" in page.content.decode()
    assert "not your fault" not in page.content.decode()


def test_the_closer_is_patient():
    late, other = read_the_last_result()
    testing.let_time_pass(PATIENCE * 0.9)
    testing.sweep()
    other.open()
    assert other.page == "closing/"
    assert late.participant.sync_group.active


def test_a_group_that_is_closed_just_before_a_wait_begins_sends_to_the_thanks(monkeypatch):
    """Catches an error page for who presses "Finish" in the moment in which the group is closed."""
    late, _ = read_the_last_result()
    receive = WaitView.receive

    def receive_too_late(view):
        view.participant.sync_group.close("too late")
        return receive(view)

    monkeypatch.setattr(WaitView, "receive", receive_too_late)
    late.open("closing")
    assert late.page == "thanks/"


def test_the_result_warns_of_the_time_limit_as_long_as_there_is_one():
    windows = pair()
    warning = f"no longer than {round(PATIENCE)} seconds"
    assert warning in windows[0].open().content.decode()
    for number in (1, 2, 3):
        play_round(windows, number)
        assert (warning in windows[0].open().content.decode()) == (number < 3)
