"""What researchers see speaks their language, from whatever side that is read."""

import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse
from django.utils import translation

from syncgroups import arrivals, operating, testing
from syncgroups.explaining import explain
from syncgroups.models import SyncGroup

from .researchers import MODELS, declarations, list_url, page_url, pairs_waiting, signed_in, staff

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LANGUAGES = ["de", "es", "fr", "ar"]
every_language = pytest.mark.parametrize("language", LANGUAGES)
#: Words of English that no other of the languages has, where pages of the app's own would say them.
ENGLISH = re.compile(r"\b(the|is|was|are|waits?|barrier|group|who|since|with)\b", re.I)


@pytest.fixture
def scene():
    with testing.declared(*declarations()):
        scene = pairs_waiting(2)
        arrivals.note_presence(scene.waiter)
        operating.message(scene.visit, text="1", reason="2", by="ada")
        arrivals.pause("rps_grouper", "c0", by="ada")
        yield scene


@pytest.fixture
def ada(settings):
    settings.LANGUAGES = [(language, language) for language in ("en", *LANGUAGES)]
    return signed_in(staff("ada", is_superuser=True))


class Words(HTMLParser):
    """What of a page is read, without what Django's own templates say around it."""

    def __init__(self, html):
        super().__init__()
        self.inside, self.said = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag in {"script", "style", "code"}:
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside and data.strip():
            self.said.append(data.strip())


def english_in(html):
    return [text for text in Words(html).said if ENGLISH.search(text)]


def monitor(client, language):
    page = client.get(reverse("admin:syncgroups_monitor"), {"cohort": "c0"}, headers={"accept-language": language})
    return page.content.decode()


@every_language
def test_the_monitor_is_in_the_language_of_who_looks(scene, ada, language):
    html = monitor(ada, language)
    assert f'lang="{language}"' in html
    assert ('dir="rtl"' in html) == (language == "ar")
    assert english_in(html) == []
    assert len(english_in(monitor(ada, "en"))) > 5


@every_language
def test_lists_pages_and_questions_open_in_every_language(scene, ada, language):
    """Catches: a place in a text that only its translation has."""
    headers = {"accept-language": language}
    pages = [list_url(model) for model in MODELS]
    pages += [page_url(row) for row in (scene.waiter, scene.group, scene.visit, scene.record)]
    answers = [ada.get(page, headers=headers) for page in pages]
    asked = {"action": "close", "_selected_action": [scene.group.pk]}
    answers.append(ada.post(list_url(SyncGroup), asked, headers=headers))
    assert {answer.status_code for answer in answers} == {200}
    for answer in answers:
        assert not re.search(r"%\(\w+\)[sd]|\{\w+\}", " ".join(Words(answer.content.decode()).said))


@every_language
def test_explanations_are_in_the_language_of_who_asks(scene, ada, language):
    with translation.override(language):
        sentences = explain("choice_made", "c0").sentences + explain(participant=scene.absentee).sentences
    assert len(sentences) > 2
    assert [text for text in sentences if ENGLISH.search(text)] == []
