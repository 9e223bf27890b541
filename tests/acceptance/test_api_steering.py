"""The verbs of the researchers' API: the same functions, permissions and errors as in the admin."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from syncgroups import arrivals, operating, testing
from syncgroups.api.urls import router
from syncgroups.models import AuditEntry, BarrierRecord, ParticipantLinkBarrier, SyncGroup

from . import researchers
from .researchers import queries, signed_in, staff
from .test_admin_steering import Scene

pytestmark = pytest.mark.django_db

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


@pytest.fixture
def scene():
    return Scene()


def uid(row):
    return str(row.public_id)


#: Each verb: its address, what is asked for besides the reason, and the permission that it takes.
VERBS = {
    "participant-fail": (lambda s: uid(s.waiter), lambda s: {}, "change_participant"),
    "participant-leave": (lambda s: uid(s.waiter), lambda s: {}, "change_participant"),
    "group-close": (lambda s: uid(s.group), lambda s: {}, "change_syncgroup"),
    "group-elect_leader": (lambda s: uid(s.group), lambda s: {}, "change_syncgroup"),
    "group-release": (lambda s: uid(s.group), lambda s: {}, "change_participantlinkbarrier"),
    "group-retry": (lambda s: uid(s.group), lambda s: {}, "change_syncgroup"),
    "group-pause": (lambda s: uid(s.group), lambda s: {}, "change_syncgroup"),
    "group-resume": (lambda s: uid(paused(s).group), lambda s: {}, "change_syncgroup"),
    "group-add": (lambda s: uid(s.group), lambda s: {"participant": uid(s.newcomers[0])}, "change_syncgroup"),
    "group-remove": (lambda s: uid(s.group), lambda s: {"participant": uid(s.absentee)}, "change_syncgroup"),
    "group-move": (
        lambda s: uid(s.group),
        lambda s: {"participant": uid(s.absentee), "to": uid(s.other)},
        "change_syncgroup",
    ),
    "group-replace": (
        lambda s: uid(s.group),
        lambda s: {"out": uid(s.absentee), "into": uid(s.newcomers[0])},
        "change_syncgroup",
    ),
    "group-put_off": (lambda s: uid(s.group), lambda s: {"seconds": 60}, "change_participantlinkbarrier"),
    "group-message": (lambda s: uid(s.group), lambda s: {"text": "Hold on."}, "change_participantlinkbarrier"),
    "visit-release": (lambda s: uid(s.visit), lambda s: {}, "change_participantlinkbarrier"),
    "visit-put_off": (lambda s: uid(s.visit), lambda s: {"seconds": 60}, "change_participantlinkbarrier"),
    "visit-message": (lambda s: uid(s.visit), lambda s: {"text": "Hold on."}, "change_participantlinkbarrier"),
    "barrier-pause": (lambda s: "choice_made", lambda s: {}, "change_barrierrecord"),
    "barrier-resume": (lambda s: "rps_grouper", lambda s: {}, "change_barrierrecord"),
    "barrier-process": (lambda s: "choice_made", lambda s: {}, "change_barrierrecord"),
    "barrier-put_off": (lambda s: "choice_made", lambda s: {"seconds": 60}, "change_participantlinkbarrier"),
    "barrier-message": (lambda s: "choice_made", lambda s: {"text": "Hold."}, "change_participantlinkbarrier"),
    "barrier-form_group": (
        lambda s: "rps_grouper",
        lambda s: {"participants": [uid(person) for person in s.newcomers]},
        "change_participantlinkbarrier",
    ),
    "barrier-pause_cohort": (lambda s: "choice_made", lambda s: {}, "change_barrierrecord"),
    "barrier-resume_cohort": (lambda s: "choice_made", lambda s: {}, "change_barrierrecord"),
    "barrier-put_off_cohort": (lambda s: "choice_made", lambda s: {"seconds": 60}, "change_participantlinkbarrier"),
    "barrier-message_cohort": (lambda s: "choice_made", lambda s: {"text": "Hold."}, "change_participantlinkbarrier"),
}
every_verb = pytest.mark.parametrize("verb", VERBS)


def paused(scene):
    operating.pause_group(scene.group, reason="before", by="ann")
    return scene


def post(client, verb, key, **body):
    cohort = "?cohort=c0" if verb.startswith("barrier") else ""
    address = reverse(f"syncgroups:{verb}", args=[key]) + cohort
    return client.post(address, body, content_type="application/json")


def everything():
    return [list(model._default_manager.order_by("pk").values()) for model in [*researchers.MODELS, AuditEntry]]


@every_verb
def test_whoever_has_the_permission_may_and_is_answered_with_the_entry(scene, verb):
    """Catches: a verb without an address, or one that leaves no trace."""
    key, body, permission = VERBS[verb]
    key = key(scene)
    ada = signed_in(staff("ada", permission, "view_participantlinkbarrier"))
    response = post(ada, verb, key, reason="fire alarm", **body(scene))
    assert response.status_code == 200, response.content
    entry = AuditEntry.objects.latest("pk")
    told = response.json()
    assert (told["public_id"], told["by"], told["reason"]) == (uid(entry), "ada", "fire alarm")
    assert (told["before"], told["after"]) == (entry.before, entry.after)
    assert "pk" not in told
    assert "id" not in told


@every_verb
def test_nobody_else_may(scene, verb):
    """Catches: a verb for whoever may look, for those who may do something else, or for strangers."""
    key, body, permission = VERBS[verb]
    key = key(scene)
    before = everything()
    others = {p for _k, _b, p in VERBS.values()} - {permission}
    clients = {
        "stranger": (Client(), 401),
        "player": (signed_in(User.objects.create(username="player")), 403),
        "staff": (signed_in(staff("eve")), 403),
        "others": (signed_in(staff("oskar", *others)), 403),
    }
    for name, (client, status) in clients.items():
        assert post(client, verb, key, reason="x", **body(scene)).status_code == status, name
    assert everything() == before


@every_verb
def test_bad_requests_are_told_what_is_wrong_and_change_nothing(scene, verb):
    key, body, permission = VERBS[verb]
    key, ada = key(scene), signed_in(staff("ada", permission))
    before = everything()
    for bad in ({}, {"reason": ""}, {"reason": "  "}, {"reason": "a\0b"}, {"reason": "x" * 501}, {"reason": ["x"]}):
        response = post(ada, verb, key, **body(scene) | bad)
        assert response.status_code == 400, bad
        assert "reason" in response.json()["errors"]
    nobody = "no_such" if verb.startswith("barrier") else NOBODY
    assert post(ada, verb, nobody, reason="x", **body(scene)).status_code == 404
    for name, value in body(scene).items():
        if isinstance(value, float | int):
            for wrong in (0, -1, "nan", "inf", 10**9, None):
                assert post(ada, verb, key, reason="x", **{name: wrong}).status_code == 400, wrong
        elif name != "text":
            assert post(ada, verb, key, reason="x", **body(scene) | {name: NOBODY}).status_code == 400
    assert everything() == before


def test_everybody_of_the_cohort_is_told_and_given_time_wherever_they_wait(scene):
    """Catches a verb about a cohort that reaches only those at the barrier by which it is named, or another cohort."""
    researchers.pairs_waiting(1, start=1)
    ada = signed_in(staff("ada", "change_participantlinkbarrier"))
    deadlines = dict(ParticipantLinkBarrier.objects.waiting().values_list("pk", "deadline"))
    post(ada, "barrier-put_off_cohort", "choice_made", reason="x", seconds=60)
    post(ada, "barrier-message_cohort", "choice_made", reason="x", text="Hold on.")
    visits = ParticipantLinkBarrier.objects.waiting()
    assert {visit.barrier_id for visit in visits.filter(cohort="c0")} == {"choice_made", "rps_grouper"}
    for visit in visits:
        more = timedelta(seconds=60 if visit.cohort == "c0" else 0)
        assert (visit.deadline - deadlines[visit.pk], visit.message) == (more, "Hold on." if more else "")


def test_nobody_is_in_a_group_twice(scene):
    """Catches a group of one that looks like a pair."""
    person = uid(scene.newcomers[0])
    ada = signed_in(staff("ada", "change_participantlinkbarrier"))
    before = everything()
    response = post(ada, "barrier-form_group", "rps_grouper", reason="x", participants=[person, person])
    assert (response.status_code, response.json()["code"]) == (400, "impossible_order")
    assert everything() == before


@pytest.mark.parametrize("then", ["left", "failed"])
def test_whoever_may_not_end_participations_ends_none_by_a_replacement(scene, then):
    """Catches: a participation that is ended with the permission to change groups alone."""
    body = {"reason": "x", "out": uid(scene.absentee), "into": uid(scene.newcomers[0]), "then": then}
    gus = signed_in(staff("gus", "change_syncgroup"))
    before = everything()
    assert post(gus, "group-replace", uid(scene.group), **body).status_code == 403
    assert everything() == before
    ada = signed_in(staff("ada", "change_syncgroup", "change_participant"))
    assert post(ada, "group-replace", uid(scene.group), **body).status_code == 200


def test_the_second_of_two_is_told_what_has_changed(scene):
    ada = signed_in(staff("ada", "change_syncgroup"))
    seen = operating.facts_of(scene.group)
    post(ada, "group-elect_leader", uid(scene.group), reason="first", seen=seen)
    response = post(ada, "group-close", uid(scene.group), reason="second", seen=seen)
    assert (response.status_code, response.json()["code"]) == (409, "changed_meanwhile")
    assert SyncGroup.objects.get(pk=scene.group.pk).active


def test_a_session_needs_the_token_against_forgery(scene):
    """Catches: a page elsewhere that acts in a researcher's name."""
    user = staff("ada", "change_participant", password="secret")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert post(strict, "participant-fail", uid(scene.waiter), reason="x").status_code == 403
    by_password = Client(enforce_csrf_checks=True, headers={"authorization": "Basic YWRhOnNlY3JldA=="})
    assert post(by_password, "participant-fail", uid(scene.waiter), reason="x").status_code == 200


def test_barriers_whose_names_have_slashes_have_verbs(scene):
    BarrierRecord.objects.create(barrier_id="part/one", cohort="c0")
    ada = signed_in(staff("ada", "change_barrierrecord"))
    assert post(ada, "barrier-pause", "part/one", reason="x").status_code == 200
    assert BarrierRecord.objects.get(barrier_id="part/one").paused
    # Whoever may change it may see it, as in the admin.
    assert ada.get("/sync/api/v1/barriers/part/one/?cohort=c0").json()["paused"] is True


def test_the_audit_is_read_filtered_and_never_written(scene):
    operating.fail(scene.waiter, reason="rude", by="ada")
    operating.pause(scene.record, reason="lunch", by="grace")
    vera = signed_in(staff("vera", "view_auditentry"))
    listed = vera.get(reverse("syncgroups:audit-list"), {"by": "grace"}).json()["results"]
    assert [entry["reason"] for entry in listed] == ["lunch"]
    listed = vera.get(reverse("syncgroups:audit-list"), {"participant": uid(scene.waiter)}).json()["results"]
    assert [(entry["verb"], entry["participant"]) for entry in listed] == [("fail", uid(scene.waiter))]
    listed = vera.get(reverse("syncgroups:audit-list"), {"barrier_id": ""}).json()["results"]
    assert [entry["verb"] for entry in listed] == ["fail"]
    entry = reverse("syncgroups:audit-detail", args=[listed[0]["public_id"]])
    assert vera.get(entry).status_code == 200
    superuser = signed_in(staff("su", is_superuser=True))
    for method in (superuser.post, superuser.put, superuser.patch, superuser.delete):
        assert method(entry).status_code == 405
    assert Client().get(entry).status_code == 401


def test_the_audit_costs_the_same_for_2_and_for_40(scene):
    vera = signed_in(staff("vera", "view_auditentry"))
    for _ in range(2):
        operating.put_off(scene.visit, seconds=5, reason="x", by="ada")
    few = queries(lambda: vera.get(reverse("syncgroups:audit-list")))
    for _ in range(38):
        operating.put_off(scene.group, seconds=5, reason="x", by="ada")
    assert queries(lambda: vera.get(reverse("syncgroups:audit-list"))) == few


def test_a_barrier_that_failed_is_processed_at_once(scene):
    testing.arrive_all([scene.absentee], "choice_made")
    ada = signed_in(staff("ada", "change_barrierrecord"))
    response = post(ada, "barrier-process", "choice_made", reason="retry")
    assert response.json()["details"] == {"outcome": "done"}
    arrivals.pause("choice_made", "c0")
    assert post(ada, "barrier-process", "choice_made", reason="retry").json()["details"] == {"outcome": "paused"}


def test_every_verb_of_the_api_is_tried_without_permission():
    """Catches a verb that is added and that no test of permissions knows."""
    offered = {
        f"{basename}-{one.url_name}"
        for _prefix, viewset, basename in router.registry
        for one in viewset.get_extra_actions()
        if "post" in one.mapping
    }
    assert offered == set(VERBS)
