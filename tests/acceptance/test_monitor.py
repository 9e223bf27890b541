"""The monitor's pages: who may see them, what they say, what is asked twice, and what it costs."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import translation

from syncgroups import arrivals, testing
from syncgroups.admin import monitor
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import BarrierRecord, Participant, ParticipantLinkSyncGroup, SyncGroup
from syncgroups.monitoring import overview
from syncgroups.monitoring.figures import course, outcomes, waits
from syncgroups.monitoring.history import history_of
from tests.security.markup import SHOWN, read, spoil

from . import researchers
from .researchers import act, confirm, list_url, page_url, pairs_waiting, queries, signed_in, staff

pytestmark = pytest.mark.django_db

BOTH = ["view_barrierrecord", "view_participantlinkbarrier"]
PAGE, LIVE = "/admin/syncgroups/barrierrecord/monitor/", "/admin/syncgroups/barrierrecord/monitor/live/"


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


@pytest.fixture
def client(db):
    return signed_in(staff("ada", *BOTH))


@pytest.fixture
def scene(_declared):
    return pairs_waiting(2)


def timeline_url(group):
    return reverse("admin:syncgroups_timeline", args=[group.pk])


def addresses(scene):
    return [PAGE, LIVE, timeline_url(scene.group)]


# Who may see it


def test_strangers_are_sent_to_the_login(scene, client):
    client.logout()
    for address in addresses(scene):
        response = client.get(address)
        assert (response.status_code, response["Location"].split("?")[0]) == (302, "/admin/login/")


@pytest.mark.parametrize("missing", BOTH)
def test_staff_without_one_of_the_permissions_are_refused(scene, missing):
    client = signed_in(staff("eve", *(name for name in BOTH if name != missing)))
    assert {client.get(address).status_code for address in addresses(scene)} == {403}


def test_those_who_are_no_staff_are_refused(scene, client):
    User.objects.update(is_staff=False)
    assert {client.get(address).status_code for address in addresses(scene)} == {302}


def test_staff_with_both_permissions_see_it(scene, client):
    assert {client.get(address).status_code for address in addresses(scene)} == {200}


def test_lists_and_pages_lead_there_for_those_who_may_see_it(scene):
    ada = signed_in(staff("ada", *BOTH, "view_syncgroup"))
    eve = signed_in(staff("eve", "view_barrierrecord", "view_syncgroup"))
    for url, target in ((list_url(BarrierRecord), PAGE), (page_url(scene.group), timeline_url(scene.group))):
        assert f'href="{target}"' in ada.get(url).content.decode()
        assert f'href="{target}"' not in eve.get(url).content.decode()


# What it says


def test_it_shows_the_cohort_with_the_latest_activity_unless_another_is_chosen(scene, client):
    first, last = client.get(PAGE, {"cohort": "c0"}), client.get(PAGE)
    assert (first.context["overview"].cohort, last.context["overview"].cohort) == ("c0", "c1")
    assert '<option value="c1" selected>' in last.content.decode()


def test_it_shows_who_waits_for_whom_and_why(scene, client):
    text = client.get(PAGE, {"cohort": "c0"}).content.decode()
    assert str(scene.waiter) in text
    assert f"waits for {scene.absentee}" in text
    assert "on the way from rps_grouper" in text
    assert timeline_url(scene.group) in text


def test_no_way_is_drawn_between_barriers_of_different_experiments(client):
    with testing.declared(*researchers.declarations(), SimpleGrouper("trio", initial_group_size=3)):
        testing.arrive_all(testing.make_participants(2, cohort="c0"), "rps_grouper")
        testing.arrive_all(testing.make_participants(1, cohort="c0"), "trio_grouper")
        text = client.get(LIVE, {"cohort": "c0"}).content.decode()
    stops = {
        name: re.split(f'data-key="stop-{name}"', text)[1].split("</li>")[0] for name in ("rps_grouper", "choice_made")
    }
    assert [name for name, stop in stops.items() if "on the way" in stop] == ["rps_grouper"]


def test_what_needs_attention_comes_first(scene, client):
    arrivals.pause("choice_made", "c0", by="ada")
    text = client.get(PAGE, {"cohort": "c0"}).content.decode()
    assert re.search(r'id="monitor-problems".*Paused by ada at .*<ol class="monitor-flow"', text, re.S)


def test_groups_that_are_not_shown_are_counted(client, monkeypatch):
    monkeypatch.setattr(overview, "GROUPS", 1)
    pairs_waiting(1)
    testing.arrive_all(testing.make_participants(4, cohort="c0"), "rps_grouper")
    testing.process("rps_grouper", "c0")
    text = client.get(LIVE, {"cohort": "c0"}).content.decode()
    assert "2 more groups are not shown." in text
    assert text.count('data-key="group-') == 1


PLOTS = {
    "Arrivals and releases over time": lambda history, places: course(history),
    "How long those who went on had waited": waits,
    "How visits ended": outcomes,
}


@pytest.mark.parametrize("address", [PAGE, LIVE])
def test_each_plot_has_its_own_figures_in_a_table(scene, client, address):
    """Catches: a plot that shows what another one says it does; a cell, a row or a column that is not that figure's."""
    arrivals.fail(scene.absentee, "rude")
    page = client.get(address, {"cohort": "c0"}).content.decode()
    figures = {title: of(history_of("c0"), ["rps_grouper", "choice_made"]) for title, of in PLOTS.items()}
    assert all(figures.values()), "an empty one would look like any other"
    assert plots_of(page) == {
        title: [[figure.of, *figure.names], *([label, *map(str, values)] for label, values in figure.rows)]
        for title, figure in figures.items()
    }


def plots_of(page):
    """The rows of the table of each plot, as they are shown, by its title."""
    return {
        re.findall(r"<figcaption.*?>(.*?)</figcaption>", plot)[0]: [
            [unescape(cell) for cell in re.findall(r"<t[hd]\b.*?>(.*?)</t[hd]>", row)]
            for row in re.findall(r"<tr>(.*?)</tr>", plot)
        ]
        for plot in re.findall(r"<figure.*?</figure>", page, re.S)
    }


def test_the_timeline_shows_every_span_as_a_row(scene, client):
    text = client.get(timeline_url(scene.group)).content.decode()
    assert len(re.findall(r'data-kind="wait" data-what="choice_made"', text)) == 1
    assert len(re.findall(r'data-kind="member"', text)) == 2
    assert client.get(reverse("admin:syncgroups_timeline", args=[10**9])).status_code == 404


@pytest.mark.parametrize("cohort", ["no such", "a\0b", "x" * 101, "%00", "<b>"])
def test_a_cohort_that_does_not_exist_is_empty_or_not_found(scene, client, cohort):
    response = client.get(PAGE, {"cohort": cohort})
    assert response.status_code == (404 if "\0" in cohort or len(cohort) > 100 else 200)


def test_nothing_that_is_shown_becomes_part_of_the_page(scene, client):
    for model in (SyncGroup, Participant, BarrierRecord, ParticipantLinkSyncGroup):
        spoil(model)
    SyncGroup.objects.update(error_count=1, cohort="c0")
    shown = [read(client.get(address, {"cohort": cohort})) for address in addresses(scene) for cohort in ("c0", SHOWN)]
    assert any(SHOWN in text for text in shown)


def test_numbers_for_scripts_are_written_as_scripts_read_them(scene, client, settings):
    settings.USE_THOUSAND_SEPARATOR = True
    with translation.override("de"):
        text = client.get(timeline_url(scene.group), headers={"accept-language": "de"}).content.decode()
    assert re.search(r'data-from="\d{13}"', text)


def test_a_site_whose_participants_are_not_in_the_admin_has_it_all_the_same(scene, client, monkeypatch):
    def nowhere(row, *args, **kwargs):
        raise monitor.NoReverseMatch

    monkeypatch.setattr("syncgroups.admin.base.url_of", nowhere)
    assert str(scene.waiter) in client.get(PAGE, {"cohort": "c0"}).content.decode()


# Asked again


def test_what_has_not_changed_is_not_sent_again(scene, client):
    first = client.get(LIVE, {"cohort": "c0"})
    again = {"if-none-match": first["ETag"]}
    for _ in range(5):
        # Every few seconds a clock in a sentence runs on; twice in a row it does not.
        answer = client.get(LIVE, {"cohort": "c0"}, headers=again)
        if answer.status_code == 304:
            break
        again = {"if-none-match": answer["ETag"]}
    assert (answer.status_code, answer.content) == (304, b"")
    testing.arrive_all([scene.absentee], "choice_made")
    assert client.get(LIVE, {"cohort": "c0"}, headers=again).status_code == 200


def test_the_page_names_what_it_shows(scene, client):
    page = client.get(PAGE, {"cohort": "c0"}).content.decode()
    [etag] = re.findall(r'data-etag="&quot;(\w+)-en&quot;"', page)
    assert len(etag) == 24
    assert 'data-live-url="/admin/syncgroups/barrierrecord/monitor/live/?cohort=c0"' in page


def test_the_same_state_in_another_language_is_something_else(scene, client, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    etags = {client.get(LIVE, headers={"accept-language": language})["ETag"][-3:-1] for language in ("en", "de")}
    assert etags == {"en", "de"}


# What it costs


@pytest.mark.parametrize("address", [PAGE, LIVE])
def test_a_page_costs_as_much_with_2_groups_as_with_200(client, address):
    def more(n):
        for _ in range(n):
            pair = testing.make_participants(2, cohort="c")
            testing.arrive_all(pair, "rps_grouper")
            testing.process("rps_grouper", "c")
            testing.arrive_all(pair[:1], "choice_made")
        testing.process("choice_made", "c")

    more(2)
    few = queries(lambda: client.get(address, {"cohort": "c"}))
    more(198)
    assert SyncGroup.objects.filter(cohort="c").count() == 200
    assert queries(lambda: client.get(address, {"cohort": "c"})) == few


def test_each_row_offers_what_may_be_done_and_leads_back(scene):
    """Catches: a button that the user may not press, one that makes no sense, and a way back to somewhere else."""
    names = ["view_barrierrecord", "view_participantlinkbarrier", "view_syncgroup", "view_participantlinksyncgroup"]
    viewer = signed_in(staff("vera", *names)).get(PAGE, {"cohort": "c0"}).content.decode()
    assert "act-group" not in viewer
    assert "act-cohort" not in viewer
    ada = signed_in(staff("ada", *names, "change_syncgroup", "change_barrierrecord"))
    page = ada.get(PAGE, {"cohort": "c0"}).content.decode()
    assert 'value="pause"' in page
    assert 'value="resume"' not in page
    assert 'value="message"' not in page
    assert 'value="replace"' in page
    keeper = signed_in(staff("kim", *names, "change_participantlinkbarrier")).get(PAGE, {"cohort": "c0"})
    menu = keeper.content.decode().split(f'id="act-member-{scene.waiter.sync_group_links.get().pk}"')[1]
    assert 'value="release"' in menu.split("</details>")[0]
    assert "Form a group" not in page
    testing.arrive_all(testing.make_participants(1, cohort="c0"), "rps_grouper")
    assert "Form a group" in ada.get(PAGE, {"cohort": "c0"}).content.decode()
    assert 'value="fail"' not in page
    membership = ParticipantLinkSyncGroup.objects.get(participant=scene.absentee)
    back = confirm(ada, "make_leader", membership, on_monitor="1").redirect_chain
    assert back == [(f"{PAGE}?cohort=c0", 302)]
    asked = act(ada, "pause", scene.group, on_monitor="1")
    assert 'name="on_monitor"' in asked.content.decode()
    response = confirm(ada, "pause", scene.group, on_monitor="1")
    assert response.redirect_chain == [(f"{PAGE}?cohort=c0", 302)]
    assert 'value="resume"' in ada.get(PAGE, {"cohort": "c0"}).content.decode()
