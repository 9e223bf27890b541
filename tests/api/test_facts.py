"""Rows tell what a decision about them rests on, in the words that verbs take as ``seen``."""

import pytest
from django.db import connection
from django.urls import reverse

from syncgroups import arrivals, operating, testing
from syncgroups.models import ParticipantLinkBarrier, SyncGroup
from tests.acceptance import researchers
from tests.acceptance.researchers import queries, signed_in, staff
from tests.acceptance.test_admin_steering import Scene
from tests.data.test_export_moment import elsewhere

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.acceptance.participant_site")]


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


@pytest.fixture
def scene():
    return Scene()


def researcher(name):
    return signed_in(staff(name, is_superuser=True))


def key_of(row):
    return getattr(row, "public_id", None) or row.barrier_id


def address(name, row):
    return reverse(f"syncgroups:{name}", args=[key_of(row)]) + ("" if hasattr(row, "public_id") else "?cohort=c0")


def read(client, resource, row):
    return client.get(address(f"{resource}-detail", row)).json()


def post(client, verb, row, **body):
    return client.post(address(verb, row), {"reason": "testing", **body}, content_type="application/json")


def rows_of(scene):
    return {"participant": scene.waiter, "group": scene.group, "barrier": scene.record, "visit": scene.visit}


#: What two do at once about what both have read: verb, row, order, and what of it has changed by the first.
AT_ONCE = {
    "participants": ("participant-leave", {}, "participant-fail", {}, "status was"),
    "leaders": ("group-elect_leader", {}, "group-close", {}, "leader was"),
    "members": ("group-pause", {}, "group-release", {}, "paused by was"),
    "groups that wait": (
        "group-put_off",
        {"seconds": 60},
        "group-put_off",
        {"seconds": 60},
        "longest wait allowed was",
    ),
    "barriers": ("barrier-pause", {}, "barrier-pause", {}, "paused by was"),
    "waits": ("barrier-put_off", {"seconds": 60}, "barrier-put_off", {"seconds": 60}, "longest wait allowed was"),
    "messages": ("barrier-message", {"text": "Soon."}, "barrier-message", {"text": "Later."}, "message was"),
    "visits": ("visit-put_off", {"seconds": 60}, "visit-put_off", {"seconds": 60}, "waits until was"),
    "texts": ("visit-message", {"text": "Soon."}, "visit-message", {"text": "Later."}, "message was"),
    "releases": ("visit-release", {}, "visit-release", {}, "state was"),
}


@pytest.mark.parametrize("name", AT_ONCE)
def test_the_second_of_two_who_act_on_what_both_have_read_is_told_what_has_changed(scene, name):
    """Catches: facts in other words than ``seen`` takes, by which nobody would ever be too late, or everybody."""
    first, order, second, other_order, changed = AT_ONCE[name]
    resource = first.partition("-")[0]
    row, ada, grace = rows_of(scene)[resource], researcher("ada"), researcher("grace")
    seen = [read(client, resource, row)["facts"] for client in (ada, grace)]
    assert post(ada, first, row, seen=seen[0], **order).status_code == 200
    refused = post(grace, second, row, seen=seen[1], **other_order)
    assert (refused.status_code, refused.json()["code"]) == (409, "changed_meanwhile")
    assert changed in refused.json()["detail"]
    assert "ada" in refused.json()["detail"]


def test_cohorts_have_facts_of_their_own(scene):
    """Catches: the facts of one barrier, sent along with what concerns all of them."""
    ada, grace = researcher("ada"), researcher("grace")
    seen = [read(client, "barrier", scene.record)["facts_of_cohort"] for client in (ada, grace)]
    assert seen[0]["paused"] == "rps_grouper (?)"
    assert post(ada, "barrier-pause_cohort", scene.record, seen=seen[0]).status_code == 200
    assert post(grace, "barrier-resume_cohort", scene.record, seen=seen[1]).status_code == 409


@pytest.mark.parametrize("permission", ["view_participantlinkbarrier", "change_participantlinkbarrier", None])
def test_what_is_so_of_visits_is_told_to_those_who_may_see_visits(scene, permission):
    """Catches: a message to those who wait, told to somebody to whom all visits are closed."""
    operating.message(scene.visit, text="Soon.", reason="x", by="ada")
    both = ["change_syncgroup", "view_barrierrecord"]
    vera = signed_in(staff("vera", *both, *filter(None, [permission])))
    group, barrier = read(vera, "group", scene.group), read(vera, "barrier", scene.record)
    for facts in (group["facts"], barrier["facts"], barrier["facts_of_cohort"]):
        assert facts.keys() >= {"paused"}
        assert facts.get("message") == ("Soon." if permission else None)
        assert ("allowed" in facts) == bool(permission)
    entry = post(vera, "group-pause", scene.group, seen=group["facts"])
    assert (entry.status_code, entry.json()["after"].get("message")) == (200, "Soon." if permission else None)


def test_what_an_answer_tells_is_good_for_the_next_order(scene):
    ada = researcher("ada")
    entry = post(ada, "group-elect_leader", scene.group).json()
    assert entry["after"] == read(ada, "group", scene.group)["facts"]
    assert post(ada, "group-close", scene.group, seen=entry["after"]).status_code == 200


def test_texts_come_back_as_they_are(scene):
    """Catches: blanks that are lost on the way, by which everybody would be too late."""
    operating.message(scene.visit, text=" Soon.\n", reason="x", by="ada")
    ada = researcher("ada")
    seen = read(ada, "visit", scene.visit)["facts"]
    assert seen["message"] == " Soon.\n"
    assert post(ada, "visit-message", scene.visit, text="Later.", seen=seen).status_code == 200


@pytest.mark.parametrize("resource", ["participant", "group", "barrier", "visit"])
def test_lists_tell_the_facts_of_each_row(scene, resource):
    """Catches: facts of one row at another one."""
    vera = signed_in(researchers.reader("vera"))
    told = vera.get(reverse(f"syncgroups:{resource}-list")).json()["results"]
    rows = {str(key_of(row)): row for row in researchers.READABLE[resource].objects.all()}
    assert len(told) == len(rows) > 1
    for one in told:
        row = rows[one.get("public_id") or one["barrier_id"]]
        assert one["facts"] == operating.facts_of(row)
        if resource == "barrier":
            # As long as all the paused barriers: a list would say it again in each row.
            assert "facts_of_cohort" not in one
            told_of_one = read(vera, "barrier", row)["facts_of_cohort"]
            assert told_of_one == operating.facts_of(operating.Cohort("c0"))


def test_many_rows_need_as_many_queries_as_2():
    vera = signed_in(researchers.reader("vera"))
    scene = researchers.pairs_waiting(100)
    for pair in scene.pairs:
        operating.pause_group(pair[0].sync_group, reason="x", by="ada")
    for resource in researchers.READABLE:
        needed, found = [], 0
        for size in (2, 200):
            address = f"{reverse(f'syncgroups:{resource}-list')}?page_size={size}"
            needed.append(queries(lambda address=address: vera.get(address)))
            found = len(vera.get(address).json()["results"])
        assert found >= 100, resource
        assert needed[0] == needed[1], resource


def test_rows_tell_what_the_admin_shows(scene):
    vera = signed_in(researchers.reader("vera"))
    operating.pause_group(scene.group, reason="x", by="grace")
    operating.message(scene.visit, text="Soon.", reason="x", by="grace")
    group, visit = read(vera, "group", scene.group), read(vera, "visit", scene.visit)
    assert (group["paused"], group["paused_by"], group["ended_by"]) == (True, "grace", "")
    assert group["paused_at"]
    assert (visit["message"], visit["extensions"], visit["turns"]) == ("Soon.", 0, 0)
    assert read(vera, "participant", scene.waiter)["presence"] == "present"
    operating.resume_group(scene.group, reason="x", by="grace")
    testing.let_time_pass(30)
    arrivals.release(scene.visit)
    ended = read(vera, "visit", scene.visit)
    assert ended["waited_for_others"] >= 30
    assert (ended["waited_for_match"], ended["paused_for"]) == (
        0,
        ParticipantLinkBarrier.objects.get(pk=scene.visit.pk).paused_for,
    )
    listed = vera.get(reverse("syncgroups:group-list"), {"paused": "true"}).json()["results"]
    assert listed == []
    listed = vera.get(reverse("syncgroups:participant-list"), {"presence": "gone"}).json()["results"]
    assert listed == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", ["detail", "list"])
def test_a_row_and_its_facts_are_of_one_moment(scene, place):
    """Catches: facts that are newer than the row beside them, on which somebody decides who has not seen that."""
    vera = signed_in(researchers.reader("vera"))
    key = [scene.group.public_id] if place == "detail" else []
    [follower] = scene.group.active_followers
    done = []

    def meanwhile(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if 'FROM "syncgroups_syncgroup"' in sql and not done:
            done.append(sql)
            elsewhere(lambda: SyncGroup.objects.filter(pk=scene.group.pk).update(leader=follower))
        return result

    with connection.execute_wrapper(meanwhile):
        told = vera.get(reverse(f"syncgroups:group-{place}", args=key)).json()
    assert done
    row = (
        told if place == "detail" else next(r for r in told["results"] if r["public_id"] == str(scene.group.public_id))
    )
    leader = next(p for p in scene.group.active_participants if str(p.public_id) == row["leader"])
    assert row["facts"]["leader"] == str(leader)
