"""The verbs by which researchers steer, in the admin: what is asked, who may, what happens, and who came first."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from syncgroups import arrivals, operating, testing
from syncgroups.models import (
    AuditEntry,
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
)
from syncgroups.states import LinkState

from . import researchers
from .researchers import act, confirm, list_url, page_url, pairs_waiting, queries, said, signed_in, staff

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


class Scene:
    """Two pairs of one cohort, of which one member waits at a barrier, and two people who wait to be grouped."""

    def __init__(self) -> None:
        scene = pairs_waiting(1)
        self.waiter, self.absentee = scene.pairs[0]
        self.group, self.visit, self.record = scene.group, scene.visit, scene.record
        pair = testing.make_participants(2, cohort="c0")
        testing.arrive_all(pair, "rps_grouper")
        testing.process("rps_grouper", "c0")
        self.other = SyncGroup.objects.get(participant_links__participant=pair[0])
        SyncGroup.objects.update(max_group_size=None, min_group_size=1)
        arrivals.pause("rps_grouper", "c0")
        self.newcomers = testing.make_participants(2, cohort="c0")
        self.pool = testing.arrive_all(self.newcomers, "rps_grouper")

    @property
    def pool_record(self) -> BarrierRecord:
        return BarrierRecord.objects.get(barrier_id="rps_grouper", cohort="c0")

    @property
    def membership(self) -> ParticipantLinkSyncGroup:
        return ParticipantLinkSyncGroup.objects.get(participant=self.absentee)


@pytest.fixture
def scene():
    return Scene()


#: Each verb: the action, the rows, what is asked for besides the reason, and the permissions that it takes.
VERBS = {
    "try again": ("retry", lambda s: [s.group], lambda s: {}, ["change_syncgroup"]),
    "pause a group": ("pause", lambda s: [s.group], lambda s: {}, ["change_syncgroup"]),
    "resume a group": ("resume", lambda s: [s.group], lambda s: {}, ["change_syncgroup"]),
    "add a member": (
        "add_member",
        lambda s: [s.group],
        lambda s: {"participant": s.newcomers[0].pk},
        ["change_syncgroup"],
    ),
    "give a group time": (
        "put_off",
        lambda s: [s.group],
        lambda s: {"minutes": "2.5"},
        ["view_syncgroup", "change_participantlinkbarrier"],
    ),
    "tell a group": (
        "message",
        lambda s: [s.group],
        lambda s: {"text": "Hold on."},
        ["view_syncgroup", "change_participantlinkbarrier"],
    ),
    "take out": (
        "remove",
        lambda s: [s.membership],
        lambda s: {},
        ["view_participantlinksyncgroup", "change_syncgroup"],
    ),
    "move": (
        "move",
        lambda s: [s.membership],
        lambda s: {"to": s.other.pk},
        ["view_participantlinksyncgroup", "change_syncgroup"],
    ),
    "replace": (
        "replace",
        lambda s: [s.membership],
        lambda s: {"into": s.newcomers[0].pk, "then": "working"},
        ["view_participantlinksyncgroup", "change_syncgroup"],
    ),
    "give a visit time": (
        "put_off",
        lambda s: [s.visit],
        lambda s: {"minutes": "1"},
        ["change_participantlinkbarrier"],
    ),
    "tell a visitor": ("message", lambda s: [s.visit], lambda s: {"text": "Hold."}, ["change_participantlinkbarrier"]),
    "form a group": ("form_group", lambda s: s.pool, lambda s: {}, ["change_participantlinkbarrier"]),
    "let leave": (
        "let_participant_leave",
        lambda s: [s.visit],
        lambda s: {},
        ["view_participantlinkbarrier", "change_participant"],
    ),
    "give a barrier time": (
        "put_off",
        lambda s: [s.record],
        lambda s: {"minutes": "1"},
        ["view_barrierrecord", "change_participantlinkbarrier"],
    ),
    "tell a barrier": (
        "message",
        lambda s: [s.record],
        lambda s: {"text": "Hold on."},
        ["view_barrierrecord", "change_participantlinkbarrier"],
    ),
    "give a cohort time": (
        "put_off_cohort",
        lambda s: [s.record],
        lambda s: {"minutes": "1"},
        ["view_barrierrecord", "change_participantlinkbarrier"],
    ),
    "tell a cohort": (
        "message_cohort",
        lambda s: [s.record],
        lambda s: {"text": "Hold on."},
        ["view_barrierrecord", "change_participantlinkbarrier"],
    ),
    "pause a cohort": ("pause_cohort", lambda s: [s.record], lambda s: {}, ["change_barrierrecord"]),
    "resume a cohort": ("resume_cohort", lambda s: [s.record], lambda s: {}, ["change_barrierrecord"]),
}
every_verb = pytest.mark.parametrize("verb", VERBS)


def prepared(scene, verb):
    """The action, its rows and its fields; in a state in which it changes something."""
    action, rows, fields, needs = VERBS[verb]
    if verb == "resume a group":
        operating.pause_group(scene.group, reason="before", by="ann")
    return action, rows(scene), fields(scene), needs


def everything():
    models = [*researchers.MODELS, AuditEntry]
    return [list(model._default_manager.order_by("pk").values()) for model in models]


@every_verb
def test_whoever_has_the_permission_may_and_leaves_an_entry(scene, verb):
    """Catches: a verb that its button does not reach, or that leaves no trace."""
    action, rows, fields, needs = prepared(scene, verb)
    client = signed_in(staff("ada", *needs))
    asked = act(client, action, *rows)
    assert "Reason" in asked.content.decode()
    before = everything()
    assert "done for" in said(confirm(client, action, *rows, **fields))
    assert everything()[:-1] != before[:-1]
    entry = AuditEntry.objects.latest("pk")
    assert (entry.by, entry.reason) == ("ada", "testing")
    assert entry.before != entry.after or action in ("retry", "put_off", "message", "form_group")


@every_verb
def test_strangers_staff_without_permission_and_viewers_may_not(scene, verb):
    """Catches: a verb without a permission, or with one that merely lets one look."""
    action, rows, fields, _ = prepared(scene, verb)
    before = everything()
    data = {"action": action, "_selected_action": [row.pk for row in rows], "confirmed": "1", "reason": "x", **fields}
    assert "/login/" in Client().post(list_url(rows[0]), data)["Location"]
    assert confirm(signed_in(staff("eve")), action, *rows, **fields).status_code == 403
    names = ("participant", "syncgroup", "participantlinksyncgroup", "participantlinkbarrier", "barrierrecord")
    viewer = signed_in(staff("vera", *(f"view_{name}" for name in names)))
    assert "done for" not in said(confirm(viewer, action, *rows, **fields))
    assert everything() == before


NECESSARY = [(verb, permission) for verb, (_, _, _, needs) in VERBS.items() for permission in needs]


@pytest.mark.parametrize(("verb", "missing"), NECESSARY)
def test_each_permission_that_a_verb_needs_is_needed(scene, verb, missing):
    action, rows, fields, needs = prepared(scene, verb)
    before = everything()
    eve = signed_in(staff("eve", *(permission for permission in needs if permission != missing)))
    assert "done for" not in confirm(eve, action, *rows, **fields).content.decode()
    assert everything() == before


@every_verb
def test_nothing_is_done_without_a_reason(scene, verb):
    action, rows, fields, needs = prepared(scene, verb)
    client = signed_in(staff("ada", *needs))
    before = everything()
    for reason in ("", "   ", "x" * 501, "nul \x00"):
        assert confirm(client, action, *rows, **fields, reason=reason).status_code == 200
    assert everything() == before


def test_what_is_asked_for_has_to_make_sense(scene):
    """Catches: minutes that are no number, people of another cohort, groups of another type."""
    stranger = testing.make_participants(1, cohort="c9")[0]
    ada = signed_in(staff("ada", is_superuser=True))
    before = everything()
    for row, action, fields in (
        (scene.visit, "put_off", {"minutes": "-3"}),
        (scene.visit, "put_off", {"minutes": "nan"}),
        (scene.visit, "put_off", {"minutes": "99999"}),
        (scene.visit, "message", {"text": "x" * 501}),
        (scene.group, "add_member", {"participant": stranger.pk}),
        (scene.group, "add_member", {"participant": scene.waiter.pk}),
        (scene.membership, "move", {"to": scene.group.pk}),
        (scene.membership, "replace", {"into": scene.waiter.pk, "then": "left"}),
        (scene.membership, "replace", {"into": scene.newcomers[0].pk, "then": "vanish"}),
    ):
        response = confirm(ada, action, row, **fields)
        assert "errorlist" in response.content.decode(), (action, fields)
    assert everything() == before


@pytest.mark.parametrize("then", ["left", "failed"])
def test_whoever_may_not_end_participations_ends_none_by_a_replacement(scene, then):
    """Catches: a participation that is ended with the permission to change groups alone."""
    fields = {"into": scene.newcomers[0].pk, "then": then}
    needs = ["view_participantlinksyncgroup", "change_syncgroup"]
    before = everything()
    response = confirm(signed_in(staff("gus", *needs)), "replace", scene.membership, **fields)
    assert "may not end participations" in response.content.decode()
    assert everything() == before
    ada = signed_in(staff("ada", *needs, "change_participant"))
    assert "done for 1 row" in said(confirm(ada, "replace", scene.membership, **fields))


def test_a_form_offers_who_fits_and_those_who_wait_first(scene):
    idle = testing.make_participants(1, cohort="c0")[0]
    ada = signed_in(staff("ada", is_superuser=True))
    offered = act(ada, "add_member", scene.group).context["form"].fields["participant"].queryset
    assert list(offered) == [*scene.newcomers, idle]


def test_people_of_several_barriers_make_no_group(scene):
    ada = signed_in(staff("ada", is_superuser=True))
    before = everything()
    assert "several barriers" in said(confirm(ada, "form_group", scene.visit, *scene.pool))
    assert "forms no groups" in said(confirm(ada, "form_group", scene.visit))
    assert everything() == before


def seen_on(page):
    """What the page that asks hands on of what its reader saw."""
    return dict(page.context["seen"])


@pytest.mark.parametrize(
    ("verb", "meanwhile", "told"),
    [
        ("take out", lambda s: operating.close_group(s.group, reason="too late", by="grace"), "too late"),
        ("tell a visitor", lambda s: operating.message(s.visit, text="Wait!", reason="first", by="grace"), "Wait!"),
        ("give a visit time", lambda s: operating.put_off(s.visit, seconds=9, reason="kind", by="grace"), "kind"),
        ("let leave", lambda s: operating.fail(s.waiter, reason="rude", by="grace"), "rude"),
        ("pause a cohort", lambda s: operating.pause(s.record, reason="check", by="grace"), "choice_made (grace)"),
        ("give a group time", lambda s: operating.put_off(s.group, seconds=9, reason="kind", by="grace"), "kind"),
        ("pause a group", lambda s: operating.pause_group(s.group, reason="check", by="grace"), "grace"),
        ("form a group", lambda s: operating.resume(s.pool_record, reason="all are here", by="grace"), "all are here"),
    ],
)
def test_the_second_of_two_researchers_is_told_what_has_changed_and_by_whom(scene, verb, meanwhile, told):
    """Catches: a page that asks about one state and acts upon another."""
    action, rows, fields, needs = prepared(scene, verb)
    client = signed_in(staff("ada", *needs))
    page = act(client, action, *rows)
    meanwhile(scene)
    before = everything()
    response = confirm(client, action, *rows, **fields, **seen_on(page))
    assert "has changed meanwhile" in said(response)
    assert "grace" in said(response)
    assert told in unescape(said(response))
    assert everything() == before


def test_what_several_rows_stand_for_is_done_once(scene):
    """Catches: a cohort that is given twice the time because two of its barriers were chosen; or a person, refused."""
    ada = signed_in(staff("ada", is_superuser=True))
    records = list(BarrierRecord.objects.filter(cohort="c0"))
    deadlines = {visit.pk: visit.deadline for visit in ParticipantLinkBarrier.objects.waiting()}
    page = act(ada, "put_off_cohort", *records)
    assert "done for 2 rows" in said(confirm(ada, "put_off_cohort", *records, minutes="1", **seen_on(page)))
    assert len(deadlines) == 3, "at both barriers"
    for visit in ParticipantLinkBarrier.objects.waiting():
        assert visit.deadline - deadlines[visit.pk] == timedelta(minutes=1)
    page = act(ada, "pause_cohort", *records)
    assert "done for 2 rows" in said(confirm(ada, "pause_cohort", *records, **seen_on(page)))


def test_what_a_forged_page_claims_to_have_seen_harms_nobody(scene):
    ada = signed_in(staff("ada", is_superuser=True))
    for forged in ("[]", "{", '"x"', '{"active": {"a": 1}}', "null"):
        response = confirm(ada, "put_off", scene.group, minutes="1", **{f"seen-{scene.group.pk}": forged})
        assert response.status_code == 200


def test_buttons_are_there_for_what_can_be_done(scene):
    """Catches: a button to resume what goes on, or to send a message to nobody."""
    ada = signed_in(staff("ada", is_superuser=True))

    def buttons(row):
        return {name for name, _label in ada.get(page_url(row)).context["verbs"]}

    assert {"pause", "message", "put_off"} <= buttons(scene.group)
    assert "resume" not in buttons(scene.group)
    assert "form_group" not in buttons(scene.visit)
    assert "form_group" in buttons(scene.pool[0])
    operating.pause_group(scene.group, reason="x", by="ann")
    assert "resume" in buttons(scene.group)
    arrivals.fail(scene.waiter)
    assert buttons(ParticipantLinkBarrier.objects.get(pk=scene.visit.pk)) == set()
    assert not {"message", "put_off"} & buttons(scene.group)
    assert not buttons(scene.membership) - {"make_leader", "remove", "move", "replace"}
    assert "message" in buttons(BarrierRecord.objects.get(barrier_id="rps_grouper"))


def test_the_audit_shows_who_did_what_to_whom_and_what_changed(scene):
    operating.message(scene.visit, text="<b>Hold on</b>", reason="<i>why</i>", by="ada")
    entry = AuditEntry.objects.get()
    vera = signed_in(staff("vera", "view_auditentry"))
    listed = vera.get(list_url(AuditEntry)).content.decode()
    assert "&lt;i&gt;why&lt;/i&gt;" in listed
    page = vera.get(page_url(entry)).content.decode()
    assert "&lt;b&gt;Hold on&lt;/b&gt;" in page
    assert "<b>Hold" not in page
    ada = signed_in(staff("ada", is_superuser=True))
    assert ada.post(page_url(entry), {"reason": "forged"}).status_code == 403
    assert ada.get(page_url(entry).replace("change", "delete")).status_code == 403
    assert signed_in(staff("eve")).get(list_url(AuditEntry)).status_code == 403


def test_the_list_of_the_audit_costs_the_same_for_2_and_for_40(scene):
    vera = signed_in(staff("vera", "view_auditentry"))
    for number in range(2):
        operating.put_off(scene.visit, seconds=1 + number, reason="x", by="ada")
    few = queries(lambda: vera.get(list_url(AuditEntry)))
    for number in range(38):
        operating.put_off(scene.group, seconds=1 + number, reason="x", by="ada")
    assert queries(lambda: vera.get(list_url(AuditEntry))) == few


def test_the_page_of_a_participant_shows_presence_and_what_was_done_to_them(scene):
    operating.message(scene.visit, text="Hold on.", reason="fire alarm", by="ada")
    arrivals.note_presence(scene.waiter)
    page = signed_in(staff("ada", is_superuser=True)).get(page_url(scene.waiter)).content.decode()
    assert "fire alarm" in page
    assert "Present" in page


def test_the_page_of_a_visit_says_for_whom_one_waits(scene):
    testing.let_time_pass(60)
    page = signed_in(staff("ada", is_superuser=True)).get(page_url(scene.visit)).content.decode()
    assert str(scene.absentee) in page
    assert "1 min" in page
    assert scene.visit.state == LinkState.WAITING
