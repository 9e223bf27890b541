"""What each list of the admin offers: filters, times, rows of others; and what is warned of before it is done."""

import pytest

from syncgroups import arrivals, operating, testing
from syncgroups.models import (
    AuditEntry,
    BarrierRecord,
    Participant,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    PresenceInterval,
    SyncGroup,
)

from . import researchers
from .researchers import act, list_url, page_url, pairs_waiting, signed_in, staff
from .test_admin_steering import VERBS, Scene, prepared

pytestmark = pytest.mark.django_db

#: The parameters of each list's filters, and the time by which it is divided.
OFFERED = {
    Participant: (
        {"cohort", "barrier", "status__exact", "failed__exact", "presence__exact", "creation_time__gte"},
        "creation_time",
    ),
    SyncGroup: (
        {"cohort", "group_type", "barrier", "active__exact", "condition", "creation_time__gte"},
        "creation_time",
    ),
    ParticipantLinkSyncGroup: ({"cohort", "group_type", "active__exact", "arrival_time__gte"}, "arrival_time"),
    ParticipantLinkBarrier: ({"cohort", "barrier", "state__exact", "condition", "arrival_time__gte"}, "arrival_time"),
    BarrierRecord: ({"cohort", "barrier", "condition"}, None),
    AuditEntry: ({"cohort", "barrier", "verb__exact", "time__gte"}, "time"),
}
FINAL = {"take out", "move", "replace", "form a group", "let leave"}


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


@pytest.fixture
def ada(db):
    return signed_in(staff("ada", is_superuser=True))


@pytest.mark.parametrize("model", OFFERED)
def test_a_list_is_filtered_and_divided_by_time(ada, model):
    """Catches: a filter, or the times at the top, that is gone. By an address one may filter all the same."""
    scene = pairs_waiting(1)
    operating.pause(scene.record, reason="lunch", by="ada")
    parameters, time = OFFERED[model]
    shown = ada.get(list_url(model)).context["cl"]
    found = {name for spec in shown.filter_specs for name in spec.expected_parameters()}
    assert parameters <= found
    assert shown.date_hierarchy == time
    assert not time or not ada.get(f"{list_url(model)}?{time}__year=2001").context["cl"].queryset.exists()


def test_lists_are_filtered_by_where_somebody_waits_and_by_the_cohort_of_the_group(ada):
    """Catches: filters that find everybody, or nobody, or somebody who has gone on; a group twice for two who wait."""
    testing.make_participants(9)  # No group has the key of somebody who waits.
    scene = pairs_waiting(2)
    testing.arrive_all([scene.absentee], "choice_made")

    def found(model, query):
        return list(ada.get(f"{list_url(model)}?cohort=c0&{query}").context["cl"].queryset)

    assert set(found(Participant, "barrier=choice_made")) == set(scene.pairs[0])
    assert found(SyncGroup, "barrier=choice_made") == [scene.group]
    assert {link.participant for link in found(ParticipantLinkSyncGroup, "")} == set(scene.pairs[0])
    assert found(Participant, "barrier=rps_grouper") == found(SyncGroup, "barrier=%00") == []


def test_pages_show_what_was_done_to_a_group_and_when_somebody_was_there(ada):
    """Catches: a page without the rows that belong to its own."""
    scene = pairs_waiting(1)
    operating.elect_leader(scene.group, reason="a fire alarm", by="ada")
    arrivals.note_presence(scene.waiter)
    assert "a fire alarm" in ada.get(page_url(scene.group)).content.decode()
    inlines = ada.get(page_url(scene.waiter)).context["inline_admin_formsets"]
    [presence] = [each.formset.queryset for each in inlines if each.opts.model is PresenceInterval]
    assert [interval.state for interval in presence] == ["present"]


@pytest.mark.parametrize("verb", VERBS)
def test_what_cannot_be_undone_is_said_to_be_so(ada, verb):
    """Catches: a member who is replaced, or a group that is formed, without a warning; and warnings for everything."""
    action, rows, *_ = prepared(Scene(), verb)
    assert ("This cannot be undone." in act(ada, action, *rows).content.decode()) is (verb in FINAL)
