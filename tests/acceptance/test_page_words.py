"""The words of participants' pages: all of them are translated, and a site may use a template of its own for them."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.utils.safestring import mark_safe

from syncgroups import arrivals, testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.waiting import WaitPage
from tests.acceptance.participant_site import DEFAULT_RESOLVER, barriers_of_the_site, make_pair, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.acceptance.participant_site")]

#: What is read, heard, or shown by a script.
READ = re.compile(r'>([^<>]+)<|\s(?:data-text[\w-]*|aria-label|title|alt|placeholder)="([^"]*)"')
#: What is the same in every language: the name of a participant, the time zone, a code for researchers.
SAME = re.compile(r"<span class=\"syncgroups-name\">.*?</span>|<time.*?</time>|<details.*?</details>", re.S)

#: What a page names of the app's own files: sheets, scripts, and the client that scripts import.
LOADED = re.compile(r'="/static/([^"]+)"')
WAITING_PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "waiting-page.md"
WEIGHTS = r"page has (\d+) kB, its style sheet and its scripts (\d+) kB, or (\d+) kB\s+compressed"


@pytest.fixture(autouse=True)
def _default_resolver(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER


@pytest.fixture
def participant():
    return testing.make_participants(1)[0]


def look(client, address, participant):
    headers = signed_in(participant, Accept="text/html,*/*;q=0.8") if participant else {"Accept": "text/html"}
    return client.get(address, headers=headers).content.decode()


def latin_words(page):
    texts = (text or heard for text, heard in READ.findall(SAME.sub("", page)))
    return [word for text in texts for word in re.findall(r"[A-Za-z]{2,}", re.sub(r"&\w+;", "", text))]


@pytest.mark.parametrize("ends", ["waiting", "paused", "left", "nobody", "too early"])
def test_no_page_says_anything_in_another_language_than_its_own(client, participant, settings, ends):
    """Fails when a text is written into a template, or a message, without being marked for translation."""
    settings.LANGUAGES, settings.LANGUAGE_CODE = [("ar", "Arabic")], "ar"
    with barriers_of_the_site(extensions=1):
        look(client, "/lobby/", participant)
        if ends == "paused":
            arrivals.pause("pair_grouper")
        if ends == "left":
            participant.leave()
        address = "/together/" if ends == "too early" else "/lobby/"
        page = look(client, address, None if ends == "nobody" else participant)
    assert 'lang="ar"' in page
    assert latin_words(page) == []


def test_who_was_sent_back_is_told_why_and_what_they_keep_and_nobody_else_is(client, participant):
    """Fails when somebody who had a group is looking for one again, and nobody tells them why."""
    barrier = GroupBarrier("together", "pair", max_wait_time=10, on_member_timeout="regroup")
    with testing.declared(SimpleGrouper("pair", initial_group_size=2), barrier):
        sent_back, _ = make_pair()
        testing.arrive_all([sent_back], "together")
        testing.let_time_pass(11)
        testing.sweep()
        told, newcomer = (look(client, "/again/once/", one) for one in (sent_back, participant))
    assert "Your earlier group could not go on, so we are looking for others for you." in told
    assert "You keep your place in the queue and the credit that you have earned." in told
    assert "earlier group" not in newcomer


class Attributes(HTMLParser):
    """What scripts read of a page: its attributes whose names begin with `data-text`."""

    def __init__(self, page):
        super().__init__()
        self.texts = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.texts += [value for name, value in attrs if name.startswith("data-text")]


def test_no_translation_ends_the_attribute_that_it_stands_in(client, participant, settings, monkeypatch):
    """Fails when what scripts are to say is not escaped: a translator may well use quotation marks."""
    settings.TEMPLATES = [*settings.TEMPLATES]  # Templates remember translations; these are read anew.
    monkeypatch.setattr("django.template.base.gettext_lazy", lambda text: mark_safe(f'{text} "&amp; so"'))
    with barriers_of_the_site(extensions=1):
        texts = Attributes(look(client, "/lobby/", participant)).texts
    assert len(texts) == 6
    assert [text for text in texts if not text.endswith(' "&amp; so"')] == []


def test_what_the_waiting_page_weighs_is_no_more_than_it_is_said_to_weigh(client, participant):
    """Fails when it has become heavier, or loads something more. Phones load it, and some pay for that."""
    with barriers_of_the_site(extensions=1):
        page = look(client, "/pushed/", participant)
    files = [Path(finders.find(name)).read_bytes() for name in sorted(set(LOADED.findall(page)))]
    assert len(files) == 6, "its style sheet, four scripts, and the client by which they ask"
    weights = [len(page.encode()), sum(map(len, files)), sum(len(gzip.compress(text)) for text in files)]
    [numbers] = re.findall(WEIGHTS, WAITING_PAGE.read_text())
    said = [1000 * int(number) for number in numbers]
    # Libraries that compress differ by a little.
    assert [weight <= 1.03 * most for weight, most in zip(weights, said, strict=True)] == [True] * 3, weights
    assert weights == pytest.approx(said, rel=0.2), "lighter than it is said"


def test_a_page_may_have_a_template_of_its_own(client, participant, settings, tmp_path):
    """Fails when the template that a barrier names is not the one that is shown, or is not given what it may use."""
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    heading = "{% block heading %}{{ wait.n_here }} of us{% endblock %}"
    (tmp_path / "own.html").write_text(f'{{% extends "syncgroups/wait.html" %}}{heading}')
    with testing.declared(Barrier("plain", WaitPage(template_name="own.html", content="Hold on."))):
        page = look(client, "/at/plain/", participant)
    assert "<h1>1 of us</h1>" in page
    assert "Hold on." in page
