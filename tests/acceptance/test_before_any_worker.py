"""A researcher can act on a barrier before a worker has run, or anybody has come: from the monitor and by the API."""

import re
from html import unescape

import pytest
from django.urls import reverse

from syncgroups import operating, testing
from syncgroups.exceptions import BarrierNotRegistered
from syncgroups.models import BarrierRecord, SyncGroup, all_participants

from . import researchers
from .researchers import list_url, signed_in, staff
from .test_api_steering import post
from .test_monitor import BOTH, PAGE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_have_arrived():
    with testing.declared(*researchers.declarations()):
        testing.arrive_all(testing.make_participants(2, cohort="c0"), "rps_grouper")
        assert not BarrierRecord.objects.exists()
        yield


@pytest.fixture
def ada(db):
    return signed_in(staff("ada", *BOTH, "change_barrierrecord"))


def fields_of(html):
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', html)}


def press(client, menu, verb, **changed):
    """A button of a menu of the monitor, and then of the page that asks why. What the monitor says next."""
    page = client.get(PAGE, {"cohort": "c0"}).content.decode()
    form = page.split(f'id="{menu}"')[1].split("</form>")[0]
    assert f'value="{verb}"' in form
    asked = client.post(list_url(BarrierRecord), {**fields_of(form), "action": verb, **changed})
    if asked.status_code != 200:
        return asked
    form = asked.content.decode().split('<form method="post"')[-1]
    return client.post(list_url(BarrierRecord), {**fields_of(form), "reason": "not yet"}, follow=True)


def is_held():
    testing.process("rps_grouper", "c0")
    return not SyncGroup.objects.exists()


@pytest.mark.parametrize(("menu", "of"), [("act-barrier-rps_grouper", ""), ("act-cohort", "_cohort")])
def test_from_the_monitor(ada, menu, of):
    """Catches: a button that is there only once a worker has let through those who were to be held."""
    paused = press(ada, menu, f"pause{of}")
    assert paused.redirect_chain == [(f"{PAGE}?cohort=c0", 302)]
    assert is_held()
    press(ada, menu, f"resume{of}")
    assert not is_held()


@pytest.mark.parametrize("of", ["", "_cohort"])
def test_by_the_api(ada, of):
    """Catches: a barrier that cannot be found until it has let somebody through."""
    assert post(ada, f"barrier-pause{of}", "rps_grouper", reason="not yet").status_code == 200
    assert is_held()
    assert post(ada, f"barrier-resume{of}", "rps_grouper", reason="now").status_code == 200
    assert not is_held()


def test_nothing_is_made_by_who_may_not_act_or_only_looks(ada):
    """Catches: a record that a reader makes, or one of a barrier or a cohort that there cannot be."""
    eve = signed_in(staff("eve", *BOTH))
    assert "act-cohort" not in eve.get(PAGE, {"cohort": "c0"}).content.decode()
    order = {"action": "pause", "barrier": "rps_grouper", "cohort": "c0"}
    eve.post(list_url(BarrierRecord), order)
    for wrong in ({"barrier": "no_such"}, {"cohort": "x" * 101}, {"cohort": "a\0b"}, {"action": "delete"}):
        ada.post(list_url(BarrierRecord), order | wrong)
    ada.get(list_url(BarrierRecord), order)
    assert post(eve, "barrier-pause", "rps_grouper", reason="x").status_code == 403
    assert post(ada, "barrier-pause", "no_such", reason="x").status_code == 404
    assert not BarrierRecord.objects.exists()


def test_by_the_api_those_who_wait_are_told_of():
    """Catches: nobody there, while two people wait for a worker that does not run; or a GET that writes."""
    root = signed_in(staff("root", is_superuser=True))
    address = "/sync/api/v1/barriers/rps_grouper/{}?cohort=c0"
    told, why = (root.get(address.format(part)).json() for part in ("", "explain/"))
    assert not BarrierRecord.objects.exists()
    assert (told["n_waiting"], told["facts"]["allowed"]) == (2, "600.0 s")
    BarrierRecord.objects.create(barrier_id="rps_grouper", cohort="c0")
    assert [told, why] == [root.get(address.format(part)).json() for part in ("", "explain/")]
    assert root.get("/sync/api/v1/barriers/no_such/explain/?cohort=c0").status_code == 404


#: Orders that are refused, by the verb, with what is wrong about them.
REFUSED = {
    "pause": ({"reason": ""}, 400),
    "process": ({}, 400),
    "pause_cohort": ({"reason": "x", "seen": 1}, 400),
    "resume": ({"reason": "x"}, 409),
    "put_off": ({"reason": "x", "seconds": 60}, 409),
    "message": ({"reason": "x", "text": "Soon."}, 409),
    "form_group": ({"reason": "x"}, 409),
}


@pytest.mark.parametrize("verb", REFUSED)
def test_what_is_refused_leaves_no_record(settings, verb):
    """Catches: a row for every slip of a pen in the name of a cohort, which nobody can ever take away."""
    body, status = REFUSED[verb]
    if verb == "form_group":
        body = body | {"participants": [str(person.public_id) for person in all_participants()]}
    root = signed_in(staff("root", is_superuser=True))
    address = reverse(f"syncgroups:barrier-{verb}", args=["rps_grouper"])
    response = root.post(f"{address}?cohort=typo", body, content_type="application/json")
    assert response.status_code == status, response.content
    assert not BarrierRecord.objects.exists()


@pytest.mark.parametrize(
    ("verb", "order"), [("put_off", {"seconds": 60}), ("message", {"text": "Soon."}), ("process", {})]
)
def test_those_who_wait_are_reached_before_any_pass(verb, order):
    root = signed_in(staff("root", is_superuser=True))
    entry = post(root, f"barrier-{verb}", "rps_grouper", reason="x", **order)
    assert entry.status_code == 200, entry.content
    assert BarrierRecord.objects.get().cohort == entry.json()["cohort"] == "c0"


def test_by_the_api_nothing_is_made_in_a_cohort_that_is_not_the_users(ada, settings):
    settings.SYNCGROUPS_COHORTS_OF_USER = f"{__name__}.elsewhere"
    assert post(ada, "barrier-pause", "rps_grouper", reason="x").status_code == 404
    assert not BarrierRecord.objects.exists()


def elsewhere(user):
    return {"c1"}


def test_only_declared_barriers_have_a_place(ada):
    """Catches: a menu of a barrier that is not declared and has no record, which would lead nowhere."""
    with pytest.raises(BarrierNotRegistered):
        operating.record_of("no_such", "c0")
    with testing.declared():
        page = ada.get(PAGE, {"cohort": "c0"}).content.decode()
    assert "act-" not in page
    assert [record.barrier_id for record in operating.records_of(operating.Cohort("c0"))] == [
        "choice_made",
        "rps_grouper",
    ]
