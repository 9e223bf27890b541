"""A site's own participants, whatever their keys and their tables, go the whole way."""

from __future__ import annotations

from pathlib import Path

import pytest

from .site import INHERITING_MODELS, ZOO_MODELS, make_site

JOURNEY = """
    from syncgroups import arrivals, testing
    from syncgroups.models import ParticipantLinkBarrier, SyncGroup
    from zoo.models import Animal

    herd = testing.make_participants(3, species="okapi")
    assert all(type(animal) is Animal for animal in herd)
    pair, stray = herd[:2], herd[2]

    testing.arrive_all(herd, "pair_grouper")
    assert arrivals.waiting_participants("pair_grouper") == herd
    testing.sweep()
    group = SyncGroup.objects.get()
    assert set(group.active_participants) == set(pair), group.active_participants
    assert group.leader in pair

    testing.arrive_all(pair, "ready")
    testing.sweep()
    group.refresh_from_db()
    assert group.details["leader"] == str(group.leader_id), group.details
    assert sorted(group.details["passed"]) == sorted(str(animal.pk) for animal in pair)

    testing.arrive_all(pair, "closer_pair")
    testing.sweep()
    group.refresh_from_db()
    assert not group.active

    assert stray.fail("went astray")
    assert pair[0].leave() and pair[1].finish()
    states = ParticipantLinkBarrier.objects.order_by("barrier_id", "pk").values_list("barrier_id", "state")
    for row in states:
        print(*row)
    print(stray.failed_reason)
"""

OUTCOMES = """\
closer_pair released
closer_pair released
pair_grouper released
pair_grouper released
pair_grouper failed
ready released
ready released
went astray
"""


@pytest.mark.parametrize("models", [ZOO_MODELS, INHERITING_MODELS], ids=["uuid keys", "columns of a parent"])
def test_participants_of_the_site_s_own_arrive_are_grouped_pass_close_and_fail(
    tmp_path: Path, empty_database: str, models: str
) -> None:
    site = make_site(tmp_path, database=empty_database, participant="zoo.Animal", models=models)
    site.manage("migrate")
    assert site.python(JOURNEY) == OUTCOMES
