"""What PsyNet keeps with every row is kept with every row here."""

from __future__ import annotations

import pytest

from syncgroups import testing
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import ParticipantLinkBarrier, ParticipantLinkSyncGroup, SimpleSyncGroup, SyncGroup

from .journeys import form_group, reloaded

pytestmark = pytest.mark.django_db

KINDS = ["participant", "group", "visit", "membership"]


@pytest.fixture
def row(request):
    """A row of each kind, freshly stored."""
    with testing.declared(SimpleGrouper("pair", initial_group_size=2)):
        group, (member, _) = form_group()
        rows = {
            "participant": reloaded(member),
            "group": reloaded(group),
            "visit": member.barrier_links.get(),
            "membership": member.sync_group_links.get(),
        }
        yield rows[request.param]


every_kind = pytest.mark.parametrize("row", KINDS, indirect=True)


@every_kind
def test_a_row_has_a_creation_time(row):
    assert row.creation_time is not None


@every_kind
def test_a_row_has_an_id(row):
    assert row.id == row.pk is not None


@every_kind
def test_a_row_has_not_failed_to_begin_with(row):
    assert (row.failed, row.failed_reason, row.time_of_death) == (False, "", None)


@every_kind
def test_details_hold_what_property1_to_property5_and_vars_held(row):
    assert row.details == {}
    row.details = {"property1": "red", "vars": {"round": 3, "scores": [1, 2]}}
    row.save(update_fields=["details"])
    assert reloaded(row).details == {"property1": "red", "vars": {"round": 3, "scores": [1, 2]}}


@every_kind
def test_details_can_be_searched(row):
    type(row)._default_manager.filter(pk=row.pk).update(details={"colour": "red"})
    assert list(type(row)._default_manager.filter(details__colour="red")) == [row]


@every_kind
def test_details_of_two_rows_are_two_dictionaries(row):
    assert type(row)().details is not type(row)().details


@pytest.mark.parametrize(
    "model", [ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup], ids=lambda m: m.__name__
)
def test_the_type_of_a_row_is_its_kind(model):
    assert model().type == model.__name__


def test_the_type_of_a_group_is_that_of_its_grouper():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2)):
        group, _ = form_group()
        assert reloaded(group).type == "SimpleSyncGroup"
        assert SimpleSyncGroup.objects.get().type == "SimpleSyncGroup"


def test_a_group_that_a_site_marks_as_failed_says_when_and_why():
    with testing.declared(SimpleGrouper("pair", initial_group_size=2)):
        group, _ = form_group()
        group.close("the server burnt")
        SyncGroup.objects.update(failed=True, failed_reason="the server burnt")
        stored = reloaded(group)
        assert stored.time_of_death == stored.end_time is not None
        assert stored.failed_reason == "the server burnt"
