"""What programs ask over and over: not told again while it is the same, and as cheap for many as for few."""

import pytest
from django.urls import reverse

from syncgroups import operating, testing
from syncgroups.models import AuditEntry, SyncGroup
from tests.acceptance import researchers
from tests.acceptance.researchers import queries, reader, signed_in

pytestmark = pytest.mark.django_db

LISTS = [*researchers.READABLE]


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


@pytest.fixture
def ada():
    return signed_in(reader())


def url(resource):
    return reverse(f"syncgroups:{resource}-list")


def details(scene):
    """One row of each resource."""
    rows = {"participant": scene.waiter, "group": scene.group, "visit": scene.visit}
    found = {name: reverse(f"syncgroups:{name}-detail", args=[row.public_id]) for name, row in rows.items()}
    return found | {"barrier": reverse("syncgroups:barrier-detail", args=["choice_made"]) + "?cohort=c0"}


@pytest.mark.parametrize("resource", LISTS)
def test_a_list_is_not_sent_again_while_it_is_the_same(ada, resource):
    scene = researchers.pairs_waiting(2)
    operating.fail(scene.absentee, reason="x", by="ada")
    first = ada.get(url(resource))
    again = ada.get(url(resource), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    for person in (scene.waiter, *scene.pairs[1]):
        operating.fail(person, reason="x", by="ada")
    researchers.pairs_waiting(1, start=2)
    assert ada.get(url(resource), headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("resource", ["participant", "group", "visit", "barrier"])
def test_a_row_is_not_sent_again_while_it_is_the_same(ada, resource):
    scene = researchers.pairs_waiting(1)
    address = details(scene)[resource]
    tag = ada.get(address)["ETag"]
    assert ada.get(address, headers={"If-None-Match": f"W/{tag}"}).status_code == 304
    assert ada.head(address, headers={"If-None-Match": tag}).status_code == 304
    operating.fail(scene.waiter, reason="x", by="ada")
    assert ada.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_an_explanation_is_not_sent_again_while_it_is_the_same(ada):
    """Catches a clock in it."""
    operating.pause(researchers.BarrierRecord.objects.create(barrier_id="rps_grouper"), reason="x", by="ada")
    address = reverse("syncgroups:barrier-explain", args=["rps_grouper"]) + "?cohort="
    first = ada.get(address)
    assert first.json()["facts"]
    assert ada.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304


@pytest.mark.parametrize("resource", LISTS)
def test_a_list_of_200_takes_as_many_queries_as_one_of_2(ada, resource):
    """Catches a row that asks for something by itself."""
    scene = researchers.pairs_waiting(2)
    for person in (scene.waiter, scene.pairs[1][0]):
        operating.fail(person, reason="x", by="ada")
    address = f"{url(resource)}?page_size=1000"
    few = queries(lambda: ada.get(address))
    make_many(scene)
    assert len(ada.get(address).json()["results"]) >= 200
    assert queries(lambda: ada.get(address)) == few


def make_many(scene):
    """Two hundred more of everything, without a pass for each."""
    people = testing.make_participants(400, cohort="many")
    testing.arrive_all(people, "rps_grouper")
    testing.process("rps_grouper", "many")
    testing.arrive_all(people[::2], "choice_made")
    assert SyncGroup.objects.count() >= 200
    AuditEntry.objects.bulk_create(
        AuditEntry(verb="fail", by="ada", reason="x", cohort="many", participant=person, sync_group=person.sync_group)
        for person in people[:200]
    )
    for number in range(200):
        operating.pause(researchers.BarrierRecord.objects.create(barrier_id=f"b{number}"), reason="x", by="ada")
