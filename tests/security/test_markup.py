"""No text that a researcher, a participant or a site can set becomes markup, script or template on any page."""

from typing import Any

import pytest
from django.contrib import admin
from django.urls import include, path, reverse

from project.demo.models import Choice
from syncgroups import arrivals, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkBarrier, SyncGroup
from syncgroups.views import BarrierView
from syncgroups.waiting import WaitPage
from tests.acceptance import researchers
from tests.acceptance.demo_windows import Window, pair, play_round
from tests.acceptance.participant_site import DEFAULT_RESOLVER, signed_in
from tests.acceptance.researchers import MODELS, act, confirm, list_url, page_url, staff
from tests.acceptance.test_admin_verbs import FINAL, NEEDS, chosen

from .markup import PROBE, SHOWN, Page, read, spoil

pytestmark = [pytest.mark.django_db, pytest.mark.once]

HTML = {"Accept": "text/html"}
GROUPER = f"{PROBE}_grouper"


# The probe itself


@pytest.mark.parametrize(
    "template", ["{}", "<a title='{}'>", '<a title="{}">', "<a title={}>", "<script>'{}'</script>"]
)
def test_the_reader_finds_the_probe_wherever_it_is_not_escaped(template):
    """Or else the tests below would prove nothing."""
    assert Page(template.format(PROBE)).broken


# Pages of participants


class Strange(BarrierView):
    """Of a site that puts texts from elsewhere wherever it may."""

    next_url = "/"

    def get_token(self):
        return PROBE

    def get_poll_url(self):
        return f"/{PROBE}"


urlpatterns = [
    path("sync/", include("syncgroups.urls")),
    path("gather/", BarrierView.as_view(barrier_id=GROUPER, next_url="/")),
    path("strange/", Strange.as_view(barrier_id=GROUPER)),
    path("meet/<path:visit>/", BarrierView.as_view(barrier_id=PROBE, next_url="/")),
    path("nowhere/<path:barrier_id>/", BarrierView.as_view(next_url="/")),
]


def fail_to_score():
    raise ValueError(PROBE)


@pytest.fixture
def strange_site(settings):
    """A site all of whose barriers, groups, cohorts and words are probes."""
    settings.ROOT_URLCONF = "tests.security.test_markup"
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    words = WaitPage(content=f"{PROBE}\n{PROBE}")
    grouper = SimpleGrouper(PROBE, initial_group_size=2, max_wait_time=600, waiting_logic=words)
    meeting = GroupBarrier(PROBE, PROBE, max_wait_time=600, waiting_logic=words, on_release=fail_to_score)
    with testing.declared(grouper, meeting):
        yield


def strange_people(n):
    return testing.make_participants(n, cohort=PROBE, details={PROBE: PROBE})


@pytest.mark.usefixtures("strange_site")
def test_a_waiting_page_shows_the_words_of_the_site_as_text(client):
    person = strange_people(1)[0]
    for address in ("/gather/", "/strange/"):
        assert read(client.get(address, headers=signed_in(person, **HTML))).count(SHOWN) >= 2


@pytest.mark.usefixtures("strange_site")
def test_a_page_of_a_group_shows_names_as_text(client):
    people = strange_people(2)
    testing.arrive_all(people, GROUPER)
    testing.process(GROUPER, PROBE)
    answer = client.get(f"/meet/{PROBE}/", headers=signed_in(people[0], **HTML))
    assert ParticipantLinkBarrier.objects.filter(visit=PROBE).exists()
    assert SHOWN in read(answer)


@pytest.mark.usefixtures("strange_site")
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_errors_name_barriers_and_groups_as_text(client, accept):
    grouped, alone = strange_people(2), strange_people(1)[0]
    testing.arrive_all(grouped, GROUPER, visit="before")
    testing.process(GROUPER, PROBE)
    for address, person, status in (("/gather/", grouped[0], 409), (f"/meet/{PROBE}/", alone, 409)):
        answer = client.get(address, headers=signed_in(person, Accept=accept))
        assert answer.status_code == status
        assert "xss-probe" in read(answer)
    answer = client.get(f"/nowhere/{PROBE}-2/?{PROBE}", headers=signed_in(alone, Accept=accept))
    assert answer.status_code == 404
    read(answer)


@pytest.mark.usefixtures("strange_site")
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_the_end_is_explained_as_text(client, accept):
    person = strange_people(1)[0]
    arrivals.fail(person, PROBE, by=PROBE)
    assert "xss-probe" in read(client.get("/gather/", headers=signed_in(person, Accept=accept)))


# The demo


def test_what_is_sent_to_the_demo_is_shown_as_text():
    window = pair()[0]
    for address in ("/rps/", window.address("choose", 1)):
        answer = window.client.post(address, dict.fromkeys(["cohort", "ticket", "move", "agree"], PROBE))
        assert SHOWN in read(answer)
    for address in ("/rps/", window.address("choose", 1), window.address("standing")):
        read(window.client.get(address, {"cohort": PROBE, PROBE: PROBE}))


def test_the_end_of_the_demo_is_explained_as_text():
    window = Window.agreeing()
    arrivals.fail(window.participant, PROBE, by=PROBE)
    assert SHOWN in read(window.open())


# Pages of researchers


@pytest.fixture
def scene():
    with testing.declared(*researchers.declarations(on_release=fail_to_score)):
        yield researchers.pairs_waiting(1)


@pytest.fixture
def root():
    """A researcher whose own name is a probe, too."""
    name = PROBE[:150]
    return researchers.signed_in(staff(name, is_superuser=True, first_name=name, last_name=name))


def pages_of(*models: Any) -> list[str]:
    """Lists, with and without filters and a search, and the page and the history of each row."""
    pages = [reverse("admin:index"), reverse("admin:app_list", args=["syncgroups"])]
    for model in models:
        pages += [list_url(model), f"{list_url(model)}?q=x-probe", f"{list_url(model)}?_facets=True"]
        for row in model._default_manager.all():
            pages += [page_url(row), page_url(row).replace("change", "history")]
    return pages


def test_every_text_in_every_row_is_text_on_every_page_of_the_admin(scene, root):
    """Catches `mark_safe`, `format_html(f"...")` and `|safe`, also for fields that are yet to be added."""
    play_round(pair(), 1)
    confirm(root, "fail", scene.waiter, reason=PROBE)
    models = [*MODELS, Choice]
    for model in models:
        spoil(model)
    SyncGroup.objects.update(error_count=1)
    shown = {address: read(root.get(address)) for address in pages_of(*models)}
    for row in (scene.waiter, *ParticipantLinkBarrier.objects.all(), *SyncGroup.objects.all()):
        assert SHOWN in shown[page_url(row)]
    assert all(SHOWN in shown[list_url(model)] for model in MODELS)


@pytest.mark.parametrize("model", [*MODELS, Choice])
def test_what_a_list_is_asked_for_is_text(scene, root, model):
    page = admin.site._registry[model]
    filters = {getattr(entry, "parameter_name", entry) for entry in page.list_filter}
    for name in {*filters, "q", "o", "p", "e", PROBE, "_changelist_filters"}:
        read(root.get(list_url(model), {name: PROBE}, follow=True))


@pytest.mark.parametrize("verb", NEEDS)
def test_pages_that_ask_and_messages_show_texts_as_text(scene, root, verb):
    action, row = chosen(scene, verb)
    spoil(type(row))
    if verb in FINAL:
        read(act(root, action, row, query=PROBE, on_page=PROBE, **{PROBE: PROBE}))
        assert SHOWN in read(confirm(root, action, row, reason=PROBE + "x" * 500, query=PROBE))
    done = [confirm(root, action, row, reason=PROBE, query=PROBE) for _ in range(2)]
    for answer in (*done, root.get(page_url(row)), root.get(page_url(row).replace("change", "history"))):
        assert SHOWN in read(answer)


def test_an_error_of_the_sites_code_is_text(scene, root):
    testing.arrive_all([scene.absentee], "choice_made")
    testing.process("choice_made", "c0")
    assert scene.group.last_error
    for address in (list_url(SyncGroup), page_url(scene.group), list_url(scene.record), page_url(scene.record)):
        assert SHOWN in read(root.get(address))


# The API


def test_the_api_answers_with_data_that_no_browser_takes_for_a_page(scene, root):
    for model in MODELS:
        spoil(model)
    for resource in ("participant", "group", "barrier", "visit"):
        address = reverse(f"syncgroups:{resource}-list")
        assert "xss-probe" in read(root.get(address))
        assert "xss-probe" in read(root.get(address, {PROBE: PROBE, "cohort": PROBE * 3}))
        read(root.get(address, headers={"Accept": "text/html"}))
