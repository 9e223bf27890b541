"""The API that researchers' programs read: by permission only, declared parameters only, a fixed number of queries."""

import base64
import json
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from syncgroups import arrivals, operating, testing
from syncgroups.api.pagination import Pages
from syncgroups.identity import issue_token
from syncgroups.models import AuditEntry, BarrierRecord, Participant, ParticipantLinkBarrier, SyncGroup

from . import researchers
from .researchers import pairs_waiting, queries, signed_in

pytestmark = pytest.mark.django_db

RESOURCES = [*researchers.READABLE]
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


@pytest.fixture
def scene(_declared):
    """With a deed in the audit."""
    scene = pairs_waiting(2)
    operating.message(scene.group, text="Welcome.", reason="to be kind", by="ada")
    return scene


@pytest.fixture
def ada():
    return signed_in(researchers.reader())


def url(resource, key=None, **query):
    name = f"syncgroups:{resource}-{'detail' if key else 'list'}"
    return f"{reverse(name, args=[key] if key else [])}?{urlencode(query)}"


def get(client, *args, expect=200, **query):
    response = client.get(url(*args, **query))
    assert response.status_code == expect, response.content
    assert response["Content-Type"] == ("application/json" if expect == 200 else "application/problem+json")
    return response.json()


def rows(client, resource, **query):
    return get(client, resource, **query)["results"]


def get_problem(client, address, **headers):
    """The status and the code. A 401 says how to sign in."""
    response = client.get(address, headers=headers)
    assert (response.status_code == 401) == ("WWW-Authenticate" in response)
    return response.status_code, response.json()["code"]


def detail_of(scene, resource):
    return {
        "participant": url("participant", scene.waiter.public_id),
        "group": url("group", scene.group.public_id),
        "barrier": url("barrier", "choice_made", cohort="c0"),
        "visit": url("visit", scene.visit.public_id),
        "audit": url("audit", AuditEntry.objects.latest("pk").public_id),
    }[resource]


# Who may read


@pytest.mark.parametrize("resource", RESOURCES)
def test_only_those_with_the_permission_may_read(scene, ada, resource):
    others = {f"view_{model._meta.model_name}" for model in researchers.READABLE.values()}
    others.remove(f"view_{researchers.READABLE[resource]._meta.model_name}")
    player = signed_in(User.objects.create(username="player"))
    eve = signed_in(researchers.staff("eve", *others))
    for address in (url(resource), detail_of(scene, resource)):
        for client in (player, eve):
            assert get_problem(client, address) == (403, "permission_denied")
        assert get_problem(Client(), address) == (401, "not_authenticated")
        assert ada.get(address).status_code == 200


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_participants_token_opens_nothing_here(scene, resource):
    header = f"Participant {issue_token(scene.waiter)}"
    told = get_problem(Client(), detail_of(scene, resource), Authorization=header)
    assert told == (401, "not_authenticated")


def basic(name, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def test_one_may_sign_in_by_session_or_password(client, scene):
    researchers.reader("ada", password="secret")
    assert client.get(url("group"), headers=basic("ada", "secret")).status_code == 200
    assert get_problem(client, url("group"), **basic("ada", "wrong")) == (401, "authentication_failed")


@pytest.mark.parametrize(
    "header", ["Basic", "Basic %%%", "Basic " + base64.b64encode(b"a\x00b:c\x00").decode(), "Basic a b", "Basic /w=="]
)
def test_malformed_credentials_are_refused_and_no_crash(client, header):
    assert get_problem(client, url("group"), Authorization=header) == (401, "authentication_failed")


def test_defaults_of_the_site_open_nothing(scene):
    site = {
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PAGINATION_CLASS": None,
    }
    with override_settings(REST_FRAMEWORK=site):
        assert Client().get(url("participant")).status_code == 401


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(scene, ada, resource, method):
    for address in (url(resource), detail_of(scene, resource)):
        response = getattr(ada, method)(address, data="{}", content_type="application/json")
        assert response.status_code == 405
        assert response.json()["code"] == "method_not_allowed"


# What is told


def test_a_participant_is_told_with_groups_and_places(ada, scene):
    told = get(ada, "participant", scene.waiter.public_id)
    assert told["public_id"] == str(scene.waiter.public_id)
    assert told["groups"] == [str(scene.group.public_id)]
    assert told["waits_at"] == ["choice_made"]
    assert (told["cohort"], told["status"], told["failed"]) == ("c0", "working", False)
    arrivals.fail(scene.waiter, "rude")
    told = get(ada, "participant", scene.waiter.public_id)
    assert (told["failed"], told["failed_reason"], told["groups"], told["waits_at"]) == (True, "rude", [], [])


def test_a_group_names_members_and_leader_by_public_ids(ada, scene):
    told = get(ada, "group", scene.group.public_id)
    assert told["leader"] == str(scene.group.leader.public_id)
    joined = scene.group.participant_links.in_order_of_arrival()
    assert [member["participant"] for member in told["members"]] == [str(m.participant.public_id) for m in joined]
    assert {member["participant"] for member in told["members"]} == {str(p.public_id) for p in scene.pairs[0]}
    assert all(member["active"] for member in told["members"])
    SyncGroup.objects.update(leader=None)
    assert get(ada, "group", scene.group.public_id)["leader"] is None


def test_a_barrier_is_told_with_counts_pause_error_and_declaration(ada, scene):
    arrivals.pause("choice_made", "c0", by="grace")
    BarrierRecord.objects.update(last_error="KeyError: 'x'")
    told = get(ada, "barrier", "choice_made", cohort="c0")
    assert (told["n_waiting"], told["declared"]) == (1, True)
    assert (told["paused"], told["paused_by"], told["last_error"]) == (True, "grace", "KeyError: 'x'")
    assert told["waiting_since"]
    with testing.declared():
        assert get(ada, "barrier", "choice_made", cohort="c0")["declared"] is False


@pytest.mark.parametrize("is_stored", [True, False])
def test_the_next_deadline_is_that_of_the_first_for_whom_time_runs(ada, scene, is_stored):
    """Catches: an alarm about a deadline that a pause has put off."""
    if not is_stored:
        BarrierRecord.objects.filter(barrier_id="choice_made").delete()
    [visit] = ParticipantLinkBarrier.objects.waiting().filter(barrier_id="choice_made", cohort="c0")
    told = get(ada, "barrier", "choice_made", cohort="c0")
    assert datetime.fromisoformat(told["next_deadline"]) == visit.deadline
    operating.pause_group(visit.sync_group, reason="x", by="ada")
    told = get(ada, "barrier", "choice_made", cohort="c0")
    assert (told["n_waiting"], told["next_deadline"]) == (1, None)
    operating.resume_group(visit.sync_group, reason="x", by="ada")
    assert get(ada, "barrier", "choice_made", cohort="c0")["next_deadline"]
    arrivals.pause("choice_made", "c0")
    assert get(ada, "barrier", "choice_made", cohort="c0")["next_deadline"] is None


def test_a_barrier_is_looked_up_in_the_empty_cohort_unless_one_is_named(ada, scene):
    told = get(ada, "barrier", "choice_made")
    assert (told["cohort"], told["n_waiting"], told["last_processed"]) == ("", 0, None)
    BarrierRecord.objects.create(barrier_id="choice_made")
    assert get(ada, "barrier", "choice_made") == told


def test_a_visit_names_participant_and_group_by_public_ids(ada, scene):
    arrivals.release(scene.visit, "stuck", by="grace")
    told = get(ada, "visit", scene.visit.public_id)
    assert told["participant"] == str(scene.waiter.public_id)
    assert told["group"] == str(scene.group.public_id)
    assert (told["state"], told["reason"], told["ended_by"]) == ("released", "stuck", "grace")
    visit = ParticipantLinkBarrier.objects.filter(barrier_id="rps_grouper")[0]
    assert get(ada, "visit", visit.public_id)["group"] is None


def test_primary_keys_are_not_told(ada, scene):
    for resource in RESOURCES:
        for row in rows(ada, resource):
            assert not {"id", "pk"} & row.keys()


@pytest.mark.parametrize("resource", ["participant", "group", "visit"])
def test_what_does_not_exist_is_not_found_in_json(ada, resource):
    assert get(ada, resource, NOBODY, expect=404)["code"] == "not_found"


def test_answers_are_kept_by_nobody_but_who_asked(ada, scene):
    kept = ada.get(url("participant"))
    assert {"private", "no-cache"} == set(kept["Cache-Control"].split(", "))
    assert {"Cookie", "Authorization"} <= set(kept["Vary"].split(", "))
    assert "no-store" in Client().get(url("participant"))["Cache-Control"]


# Filters


def test_participants_are_filtered(ada, scene):
    arrivals.fail(scene.absentee, "rude")
    arrivals.leave(scene.pairs[1][1])

    def ids(**query):
        return {row["public_id"] for row in rows(ada, "participant", **query)}

    everybody = {str(person.public_id) for pair in scene.pairs for person in pair}
    assert ids() == everybody
    assert ids(cohort="c1") == {str(person.public_id) for person in scene.pairs[1]}
    assert ids(cohort="") == set()
    assert ids(failed="true") == {str(scene.absentee.public_id)}
    assert ids(failed="false") == everybody - {str(scene.absentee.public_id)}
    assert ids(status="left") == {str(scene.pairs[1][1].public_id)}
    assert ids(group=scene.group.public_id) == {str(person.public_id) for person in scene.pairs[0]}
    assert ids(group=scene.group.public_id, failed="true") == {str(scene.absentee.public_id)}


def test_groups_are_filtered(ada, scene):
    arrivals.close_group(scene.group)

    def ids(**query):
        return [row["public_id"] for row in rows(ada, "group", **query)]

    mine, other = (str(pair[0].sync_groups.get().public_id) for pair in scene.pairs)
    assert ids(active="false") == ids(cohort="c0") == ids(participant=scene.waiter.public_id) == [mine]
    assert ids(active="true") == [other]
    assert ids(group_type="rps", ordering="created") == [mine, other]
    assert ids(group_type="chess") == []


def test_barriers_are_filtered(ada, scene):
    arrivals.pause("choice_made", "c0")

    def places(**query):
        return {(row["barrier_id"], row["cohort"]) for row in rows(ada, "barrier", **query)}

    assert places(paused="true") == {("choice_made", "c0")}
    assert places(barrier_id="choice_made") == {("choice_made", "c0"), ("choice_made", "c1")}
    assert places(cohort="c1", paused="false") == {("choice_made", "c1"), ("rps_grouper", "c1")}


def test_visits_are_filtered(ada, scene):
    def ids(**query):
        return {row["public_id"] for row in rows(ada, "visit", **query)}

    mine = str(scene.visit.public_id)
    assert ids(state="waiting", cohort="c0") == {mine}
    assert ids(barrier_id="choice_made", participant=scene.waiter.public_id) == {mine}
    assert ids(group=scene.group.public_id) == {mine}
    moment = scene.visit.arrival_time.isoformat()
    assert mine in ids(arrived_after=moment)
    assert mine not in ids(arrived_before=moment)
    later = (scene.visit.arrival_time + timedelta(days=1)).isoformat()
    assert ids(arrived_after=later) == set()
    assert mine in ids(arrived_before=later)


@pytest.mark.parametrize(
    ("resource", "query", "names"),
    [
        *((resource, "nonsense=1", "nonsense") for resource in RESOURCES),
        *((resource, "page_size=0", "page_size") for resource in RESOURCES),
        *((resource, "page_size=1001", "page_size") for resource in RESOURCES),
        *((resource, "page_size=many", "page_size") for resource in RESOURCES),
        *((resource, "ordering=sideways", "ordering") for resource in RESOURCES),
        *((resource, "cohort=a%00b", "cohort") for resource in RESOURCES),
        *((resource, "cohort=c0&cohort=c1", "cohort") for resource in RESOURCES),
        *((resource, f"cohort={'x' * 101}", "cohort") for resource in RESOURCES),
        ("participant", "status=dead", "status"),
        ("participant", "status=", "status"),
        ("participant", "failed=maybe", "failed"),
        ("participant", "group=7", "group"),
        ("participant", "details__x=1", "details__x"),
        ("group", "active=1", "active"),
        ("group", "participant=me", "participant"),
        ("barrier", "paused=yes", "paused"),
        ("barrier", "barrier_id=%00", "barrier_id"),
        ("visit", "state=gone", "state"),
        ("visit", "arrived_after=yesterday", "arrived_after"),
        ("visit", "arrived_before=", "arrived_before"),
        # In UTC, these are before the first year and after the last one.
        ("visit", "arrived_after=0001-01-01T00:00%2B23:59", "arrived_after"),
        ("visit", "arrived_before=9999-12-31T23:59-23:59", "arrived_before"),
        ("visit", "group=x", "group"),
    ],
)
def test_bad_parameters_are_refused_by_name(ada, resource, query, names):
    response = ada.get(f"{url(resource)}{query}")
    assert response.status_code == 400
    told = response.json()
    assert told["code"] == "invalid"
    assert names in told["errors"]
    assert names in told["detail"]


@pytest.mark.parametrize("resource", RESOURCES)
def test_bad_parameters_are_refused_for_one_row_too(ada, scene, resource):
    response = ada.get(detail_of(scene, resource) + "&nonsense=1")
    assert response.status_code == 400
    assert "nonsense" in response.json()["errors"]


@pytest.mark.parametrize("path", ["participants/7/", "groups/x/", "visits/%00/", "barriers/a%00b/", "nothing/"])
def test_malformed_addresses_are_not_found(ada, path):
    assert ada.get(reverse("syncgroups:standing").replace("me/", path)).status_code == 404


# Pages


def walk(client, address):
    pages = []
    for _ in range(20):
        page = client.get(address).json()
        pages.append(page["results"])
        address = page["next"]
        if address is None:
            return pages
    raise AssertionError("The pages never end.")


@pytest.mark.parametrize("order", ["-created", "created"])
def test_pages_by_cursor_show_each_row_once_in_order_while_rows_are_added(ada, order):
    people = testing.make_participants(5)
    first = ada.get(url("participant", page_size=2, ordering=order)).json()
    testing.make_participants(1)
    rest = walk(ada, first["next"])
    ids = [row["public_id"] for page in [first["results"], *rest] for row in page]
    expected = [str(person.public_id) for person in people]
    assert ids[:5] == (expected if order == "created" else expected[::-1])
    assert len(ids) == len(set(ids))


def test_a_thousand_rows_of_the_same_instant_are_all_shown(ada):
    """Catches a cursor by time: groups of one pass are as old as one another."""
    now = timezone.now()
    SyncGroup.objects.bulk_create(SyncGroup(group_type="rps", creation_time=now) for _ in range(1250))
    ids = {row["public_id"] for page in walk(ada, url("group", page_size=200)) for row in page}
    assert len(ids) == 1250


def test_filters_hold_on_every_page(ada, scene):
    pages = walk(ada, url("participant", cohort="c0", page_size=1))
    assert [row["cohort"] for page in pages for row in page] == ["c0", "c0"]


@pytest.mark.parametrize(
    "cursor",
    ["x", "é", base64.b64encode(b"p=abc").decode(), "a" * 1000, base64.b64encode(b"p=" + b"[" * 2900).decode()],
)
def test_a_cursor_from_elsewhere_is_not_found(ada, scene, cursor):
    assert get(ada, "participant", cursor=cursor, expect=404)["code"] == "not_found"


#: What is no place in a list: of another type, of another number of columns, or no JSON at all.
FORGED = ["", "7", "null", "{}", "[]", "[7]", "[[1]]", "[null]", '["1", "2", "3"]', '["\\u0000"]', "NaN"]
#: Keys and times that databases know nothing of.
BEYOND = [
    "9" * 30,
    "-" + "9" * 30,
    "1e5",
    "\x00",
    "nan",
    "0001-01-01T00:00+23:59",
    "9999-12-31T23:59-23:59",
    "infinity",
]


def cursor(position):
    return base64.b64encode(urlencode({"p": position}).encode()).decode()


@pytest.mark.parametrize("ordering", ["created", "-cohort", "time_credit"])
def test_a_forged_position_is_no_crash(ada, scene, ordering):
    for position in FORGED + [
        json.dumps(places) for value in BEYOND for places in ([value], [value, "1"], ["1", value])
    ]:
        answer = ada.get(url("participant", cursor=cursor(position), ordering=ordering))
        assert answer.status_code in {200, 404}, position
        assert position not in FORGED or answer.status_code == 404, position


@pytest.mark.parametrize("position", [*BEYOND[-3:], "7"])
def test_a_forged_position_is_no_crash_where_rows_are_in_order_of_time(rf, position):
    """As they are where participants have keys that are no numbers."""
    request = Request(rf.get("/", {"cursor": cursor(json.dumps([position, "1"]))}))
    with pytest.raises(NotFound), transaction.atomic():
        Pages().paginate_queryset(SyncGroup.objects.order_by("creation_time", "pk"), request)


@pytest.mark.parametrize("resource", RESOURCES)
def test_lists_need_as_many_queries_for_2_pairs_as_for_40(ada, resource):
    pause(pairs_waiting(2))
    few = queries(lambda: ada.get(url(resource)))
    pause(pairs_waiting(38, start=2))
    assert len(rows(ada, resource, page_size=1000)) >= 40
    assert queries(lambda: ada.get(url(resource))) == few


def pause(scene):
    """Each of the groups, for an entry in the audit of each."""
    for first, _second in scene.pairs:
        operating.pause_group(first.sync_group, reason="a fire alarm", by="ada")


def test_answers_are_plain_json_whatever_browsers_prefer(ada, scene):
    response = ada.get(url("participant"), headers={"Accept": "text/html"})
    assert response.status_code in {200, 406}
    assert "html" not in response["Content-Type"]


def test_what_was_stored_comes_back_as_data(ada):
    evil = "<script>alert(1)</script>"
    person = testing.make_participants(1, details={"x": evil}, cohort=evil)[0]
    assert get(ada, "participant", person.public_id)["details"] == {"x": evil}
    assert json.loads(json.dumps(rows(ada, "participant", cohort=evil)))[0]["cohort"] == evil
    assert Participant.objects.get() == person
