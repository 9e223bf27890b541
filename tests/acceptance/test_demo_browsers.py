"""One browser may play several participants, and no browser plays another's."""

import pytest
from django.test import Client, override_settings

from syncgroups.models import Participant, SyncGroup

from .demo_windows import Window, close, pair, play_round

pytestmark = pytest.mark.django_db


def test_two_windows_of_one_browser_play_against_each_other():
    """Catches a participant who is looked up by the session alone: both windows would be the same player."""
    windows = pair(one_browser=True)
    assert [window.player for window in windows] == [1, 2]
    assert Participant.objects.count() == 2
    for number in (1, 2, 3):
        play_round(windows, number)
    close(windows)
    assert [window.page for window in windows] == ["thanks/"] * 2
    assert SyncGroup.objects.count() == 1


def test_a_second_player_does_not_sign_out_the_first():
    """Catches a new session key for each player: the first window's next poll would carry the old one."""
    client = Client()
    first = Window.agreeing(client)
    first.open()
    cookie = client.cookies["sessionid"].value
    second = Window.agreeing(client)
    assert client.cookies["sessionid"].value == cookie
    ids = [client.get(window.address("standing")).json()["participant_id"] for window in (first, second)]
    assert ids == [str(window.participant.public_id) for window in (first, second)]


def test_agreeing_gives_the_browser_a_new_session():
    client = Client()
    client.get("/rps/")
    session = client.session
    session["before"] = True
    session.save()
    planted = client.cookies["sessionid"].value
    Window.agreeing(client)
    assert client.cookies["sessionid"].value != planted


def test_the_start_page_offers_to_continue_or_to_start_afresh():
    client = Client()
    window = Window.agreeing(client)
    page = client.get("/rps/")
    assert "Continue as participant 1" in page.content.decode()
    assert page.context["form"].initial["ticket"]
    window.send("leave")
    assert "Continue as participant" not in client.get("/rps/").content.decode()


def test_the_number_of_a_player_means_nothing_in_another_browser():
    window = Window.agreeing()
    stranger = Client()
    assert stranger.get(window.address("player")).status_code == 401
    assert stranger.post(window.address("leave")).status_code == 401
    assert stranger.get(window.address("standing")).status_code == 401
    assert window.participant.is_active


def test_a_session_that_has_expired_leads_back_to_the_start():
    client = Client()
    window = Window.agreeing(client)
    with override_settings(SYNCGROUPS_TOKEN_MAX_AGE=-1):
        assert client.get(window.address("player")).status_code == 401
        start = client.get("/rps/")
    assert start.status_code == 200
    assert "Continue as participant" not in start.content.decode()
