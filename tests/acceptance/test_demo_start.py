"""The page that lists the demos, and what keeps them apart."""

import pytest
from django.test import Client
from django.urls import reverse

from project.shared.demos import DEMOS
from project.shared.models import Answer
from syncgroups.models import Participant
from tests.acceptance import researchers

from .demo_windows import Window

pytestmark = pytest.mark.django_db


class InQuorum(Window):
    demo = "quorum"


def text(response):
    return response.content.decode()


def test_the_start_page_lists_three_demos_with_a_sentence_each():
    page = text(Client().get("/"))
    assert len(DEMOS) == 3
    for name, demo in DEMOS.items():
        assert f'href="{reverse(f"{name}:start")}"' in page
        assert str(demo.summary) in page


@pytest.mark.parametrize("demo", ["demo", "quorum", "regrouping"])
def test_the_cohort_of_the_link_is_kept_on_the_way_in_and_back(demo):
    client, start = Client(), reverse(f"{demo}:start")
    assert f'href="{start}?cohort=monday-10"' in text(client.get("/", {"cohort": "monday-10"}))
    page = client.get(start, {"cohort": "monday-10"})
    assert 'href="/?cohort=monday-10"' in text(page)
    client.post(start, {"agree": "on", **page.context["form"].initial})
    assert Participant.objects.get().cohort == "monday-10"


@pytest.mark.parametrize("cohort", ["x" * 101, "two words", "<b>", "a\0b"])
def test_a_link_with_an_impossible_cohort_says_so(cohort):
    answer = Client().get("/", {"cohort": cohort})
    assert answer.status_code == 400
    assert "This link does not work" in text(answer)


def test_the_number_of_a_participant_opens_nothing_of_another_demo():
    """Catches a participant of one demo who is at the beginning of each: they would be grouped in all of them."""
    client = Client()
    window = Window.agreeing(client)
    for page in ("player", "wait", "standing", "thanks"):
        address = reverse(f"quorum:{page}", args=[window.player])
        assert client.get(address).status_code == 401
    assert client.post(reverse("quorum:leave", args=[window.player])).status_code == 401
    assert window.participant.is_active


def test_a_browser_may_take_part_in_several_demos_at_once():
    client = Client()
    game, quorum = Window.agreeing(client), InQuorum.agreeing(client)
    assert (game.player, quorum.player) == (1, 2)
    game.open()
    quorum.open()
    assert (game.page, quorum.page) == ("partner/", "wait/")
    assert "Continue as participant 2" not in text(client.get("/rps/"))
    assert "Continue as participant 2" in text(client.get("/quorum/"))


def test_researchers_read_answers_and_change_none():
    window = InQuorum.agreeing()
    answer = Answer.objects.keep(window.participant, "question 1", "fly")
    Answer.objects.keep(window.participant, "question 1", "swim")
    ada = researchers.signed_in(researchers.staff("root", is_superuser=True))
    assert "fly" in text(ada.get(reverse("admin:shared_answer_changelist")))
    page = reverse("admin:shared_answer_change", args=[answer.pk])
    assert ada.get(page).status_code == 200
    assert ada.post(page, {"value": '"swim"'}).status_code == 403
    assert Answer.objects.get().value == "fly"
