"""What a waiting page asks now and then: how long may it still take? Of one's own waits only."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syncgroups import estimates, testing
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkBarrier
from tests.acceptance.participant_site import (
    DEFAULT_RESOLVER,
    barriers_of_the_site,
    everything_stored,
    make_pair,
    signed_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.acceptance.participant_site")]

UNKNOWN = {
    "seconds": None,
    "basis": "",
    "certain": False,
    "text": "We cannot say yet how long it will take.",
}


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    with barriers_of_the_site():
        yield


def ask(client, participant, visit, **query):
    return client.get("/sync/api/v1/me/estimate/", {"visit": str(visit), **query}, headers=signed_in(participant))


def waited(barrier_id, seconds):
    """Two go on at a barrier, one of them after so long."""
    pair = make_pair()
    testing.arrive_all(pair[:1], barrier_id)
    testing.let_time_pass(seconds)
    testing.arrive_all(pair[1:], barrier_id)
    testing.process(barrier_id)


def arrive_every(seconds, n, grouper="crowd_grouper"):
    for _ in range(n):
        testing.arrive_all(testing.make_participants(1), grouper)
        testing.let_time_pass(seconds)


def test_at_a_grouper_it_follows_from_how_people_arrive(client):
    me, other = testing.make_participants(2)
    with testing.declared(SimpleGrouper("crowd", initial_group_size=12, max_wait_time=600)):
        arrive_every(10, 9)
        [link] = testing.arrive_all([me], "crowd_grouper")
        estimate = ask(client, me, link.public_id).json()
        assert estimate["basis"] == "arrivals"
        assert estimate["certain"]
        assert estimate["text"] == "Usually it goes on in about 20 seconds."
        assert estimate["seconds"] == 20, "two more are needed, and one comes each eleven seconds"
        testing.arrive_all([other], "crowd_grouper")
        assert ask(client, me, link.public_id).json()["seconds"] == 10


def test_at_a_group_barrier_it_follows_from_how_long_others_waited(client):
    for _ in range(3):
        waited("together", 60)
    pair = make_pair()
    [link] = testing.arrive_all(pair[:1], "together")
    estimate = ask(client, pair[0], link.public_id).json()
    assert (estimate["seconds"], estimate["basis"], estimate["certain"]) == (60, "waits", False)
    assert estimate["text"] == "It probably goes on in a few minutes, but that is a rough guess."


def test_it_says_that_the_time_may_be_up_before(client):
    """Fails when "a few minutes" is promised beside half a minute that is left."""
    me = testing.make_participants(1)[0]
    with testing.declared(SimpleGrouper("crowd", initial_group_size=12, max_wait_time=200)):
        arrive_every(10, 9)
        [link] = testing.arrive_all([me], "crowd_grouper")
        assert ask(client, me, link.public_id).json()["text"] == "Usually it goes on in about 20 seconds."
        testing.let_time_pass(185)
        said = ask(client, me, link.public_id).json()["text"]
        page = client.get("/at/crowd_grouper/", headers=signed_in(me, Accept="text/html")).content.decode()
    assert said.startswith("It probably goes on in a few minutes")
    assert said.endswith(" Your time may be up before that.")
    assert said in page


def test_other_barriers_and_other_cohorts_say_nothing(client):
    me = testing.make_participants(1, cohort="monday")[0]
    with testing.declared(
        SimpleGrouper("crowd", initial_group_size=12, max_wait_time=600),
        SimpleGrouper("elsewhere", initial_group_size=12, max_wait_time=600),
    ):
        arrive_every(10, 9)
        arrive_every(10, 9, "elsewhere_grouper")
        [link] = testing.arrive_all([me], "crowd_grouper")
        assert ask(client, me, link.public_id).json() == UNKNOWN


def test_before_anything_has_happened_nothing_is_known(client):
    me = testing.make_participants(1)[0]
    [link] = testing.arrive_all([me], "pair_grouper")
    assert ask(client, me, link.public_id).json() == UNKNOWN


@pytest.mark.parametrize("of", ["another", "ended", "nonsense", "nobody"])
def test_nothing_is_known_of_what_is_no_open_wait_of_ones_own(client, of):
    """Fails when a visit is found whosever it is: estimates would tell who else waits where."""
    me, another = testing.make_participants(2)
    with testing.declared(SimpleGrouper("crowd", initial_group_size=20, max_wait_time=600)):
        arrive_every(10, 9)
        mine, theirs = testing.arrive_all([me, another], "crowd_grouper")
        assert ask(client, me, mine.public_id).json() != UNKNOWN
        if of == "ended":
            mine.release()
        visit = {"another": theirs.public_id, "ended": mine.public_id, "nonsense": "\0'", "nobody": me.public_id}[of]
        response = ask(client, me, visit)
    assert (response.status_code, response.json()) == (200, UNKNOWN)


def test_who_is_nobody_is_refused(client):
    response = client.get("/sync/api/v1/me/estimate/")
    assert response.status_code == 401
    assert response.json()["code"] == "invalid_token"


def test_it_is_said_in_the_language_of_the_page(client, settings):
    """Fails when the language is the browser's: a page may have its own from its address."""
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    me = testing.make_participants(1)[0]
    [link] = testing.arrive_all([me], "pair_grouper")
    said = {
        language: ask(client, me, link.public_id, language=language).json()["text"]
        for language in ("en", "de", "tlh", "")
    }
    assert said["de"] != said["en"]
    assert said["tlh"] == said[""] == said["en"]


def test_asking_is_a_sign_of_life_and_changes_nothing_else_and_is_not_kept(client):
    """Fails when a page that asks for nothing but this is taken for absent."""
    me = testing.make_participants(1)[0]
    [link] = testing.arrive_all([me], "pair_grouper")
    ask(client, me, link.public_id)
    me.refresh_from_db()
    assert (me.presence, me.page_hidden) == ("present", False)
    assert me.last_seen_at is not None
    before = everything_stored()
    assert "no-store" in ask(client, me, link.public_id)["Cache-Control"]
    assert everything_stored() == before
    assert client.post("/sync/api/v1/me/estimate/", headers=signed_in(me)).status_code == 405


def test_it_costs_two_queries_besides_finding_out_who_asks(client):
    counts = []
    with testing.declared(SimpleGrouper("crowd", initial_group_size=100, max_wait_time=600)):
        me = testing.make_participants(1)[0]
        [link] = testing.arrive_all([me], "crowd_grouper")
        for n in (2, 38):
            arrive_every(1, n)
            ask(client, me, link.public_id)
            with CaptureQueriesContext(connection) as queries:
                ask(client, me, link.public_id)
            counts.append(len(queries))
    assert counts == [3, 3]


def test_the_page_says_it_from_the_start(client):
    me = testing.make_participants(1)[0]
    page = client.get("/lobby/", headers=signed_in(me, Accept="text/html")).content.decode()
    link = ParticipantLinkBarrier.objects.get()
    assert UNKNOWN["text"] in page
    assert f'data-estimate-url="/sync/api/v1/me/estimate/?visit={link.public_id}&amp;language=en"' in page


@pytest.fixture
def short_window(monkeypatch):
    """The two newest visits of the site only. The statement is kept, and has to be written anew before and after."""
    estimates._recent.kept.clear()
    monkeypatch.setattr(estimates, "WINDOW", 2)
    yield
    estimates._recent.kept.clear()


def test_visits_of_long_ago_are_not_searched(client, short_window):
    """Fails when the window is forgotten: then the whole history of the barrier would be read and sorted."""
    with testing.declared(SimpleGrouper("crowd", initial_group_size=12, max_wait_time=600)):
        arrive_every(1, 9)
        me = testing.make_participants(1)[0]
        [link] = testing.arrive_all([me], "crowd_grouper")
        assert ask(client, me, link.public_id).json() == UNKNOWN
