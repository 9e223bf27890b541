"""Exports from the admin: for whom they are, of what, and in one file."""

import asyncio
import csv
import io
import json
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from django.test import AsyncRequestFactory, Client
from django.urls import reverse

from syncgroups import exporting, testing
from syncgroups.admin import exports
from syncgroups.models import SyncGroup, get_participant_model
from tests.acceptance import researchers
from tests.acceptance.researchers import act, list_url, queries, said, signed_in, staff

from .scenes import history

pytestmark = pytest.mark.django_db

MODELS = ["participant", "syncgroup", "participantlinksyncgroup", "participantlinkbarrier", "presenceinterval"]
MODELS += ["auditentry"]
PLACES = ["participant", "syncgroup"]


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


@pytest.fixture
def scene(_declared):
    return history()


@pytest.fixture
def vera():
    return signed_in(staff("vera", *(f"view_{model}" for model in MODELS)))


def url(place="participant"):
    return reverse(f"admin:syncgroups_{place}_export")


def wanted(*tables, **more):
    return {"tables": tables or list(exporting.TABLES), "format": "csv", **more}


def content(response):
    assert response.status_code == 200
    assert response.streaming, response.content.decode()
    return response.getvalue()


def rows(text):
    return list(csv.DictReader(io.StringIO(text.decode())))


def zipped(response):
    with ZipFile(io.BytesIO(content(response))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_several_tables_are_a_zip_with_their_dictionary(vera, scene):
    """Catches: a zip that is none; a table that is empty, or not in it."""
    response = vera.post(url(), wanted())
    assert response["Content-Type"] == "application/zip"
    assert "syncgroups.zip" in response["Content-Disposition"]
    files = zipped(response)
    assert set(files) == {f"{name}.csv" for name in (*exporting.TABLES, "data_dictionary")} | {"data_dictionary.md"}
    assert len(rows(files["visits.csv"])) == 6
    assert len(rows(files["participants.csv"])) == 4


def test_one_table_is_a_file(vera, scene):
    response = vera.post(url("syncgroup"), wanted("visits", format="jsonl"))
    assert 'filename="visits.jsonl"' in response["Content-Disposition"]
    lines = content(response).splitlines()
    assert int(response["Content-Length"]) == len(b"\n".join(lines)) + 1
    assert len([json.loads(line) for line in lines]) == 6


def test_ids_are_pseudonyms_unless_real_ones_are_asked_for(vera, scene):
    everybody = {str(person.public_id) for pair in scene.pairs for person in pair}
    people = {row["participant_id"] for row in rows(content(vera.post(url(), wanted("participants"))))}
    assert not people & everybody
    real = rows(content(vera.post(url(), wanted("participants", real_ids="on"))))
    assert {row["participant_id"] for row in real} == everybody
    keyed = [content(vera.post(url(), wanted("participants", pseudonym_key="k"))) for _ in range(2)]
    assert keyed[0] == keyed[1]


def test_rows_that_were_chosen_are_those_of_the_export(vera, scene):
    """Catches: a choice that gets lost on the page between."""
    for row, people in ((scene.waiter, {scene.waiter}), (scene.group, set(scene.pairs[0]))):
        page = act(vera, "export", row)
        assert "1 row is chosen" in page.content.decode()
        form = page.context["form"]
        field = "participants" if row is scene.waiter else "groups"
        answer = vera.post(page.context["url"], wanted("visits", real_ids="on", **{field: form[field].value()}))
        found = {row["participant_id"] for row in rows(content(answer))}
        assert found == {str(person.public_id) for person in people}


def test_a_cohort_can_be_chosen_and_so_can_the_empty_one(vera, scene):
    [nowhere] = testing.make_participants(1)
    for cohort, n in (("=c0", 2), ("=", 1), ("", 5)):
        found = rows(content(vera.post(url(), wanted("participants", cohort=cohort, real_ids="on"))))
        assert len(found) == n
    assert str(nowhere.public_id) in {row["participant_id"] for row in found}


def test_faults_are_told_on_the_page(vera, scene, monkeypatch):
    """Catches: a crash, or an export of everybody instead of those who were chosen."""

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr("syncgroups.exporting.formats.import_module", missing)
    for data, fault in (
        (wanted(participants="1,2"), "Choose the rows anew."),
        (wanted(cohort="=nowhere"), "not one of the available choices"),
        (wanted(since="yesterday"), "Enter a valid date/time."),
        ({"format": "csv"}, "This field is required."),
        (wanted(format="parquet"), "syncgroups[parquet]"),
        (wanted("secrets"), "not one of the available choices"),
    ):
        response = vera.post(url(), data)
        assert not response.streaming
        assert fault in response.content.decode().replace("&#x27;", "'")


def test_too_many_rows_are_refused_whole(vera, scene, monkeypatch):
    monkeypatch.setattr(exports, "LIMIT", 1)
    assert "at most 1 rows" in said(act(vera, "export", *scene.pairs[0]))


def test_the_lists_lead_to_the_page(vera, scene):
    for place, model in zip(PLACES, (get_participant_model(), SyncGroup), strict=True):
        page = vera.get(list_url(model)).content.decode()
        assert f'href="{url(place)}"' in page
        assert vera.get(url(place)).status_code == 200


# Who may


@pytest.mark.parametrize("place", PLACES)
def test_exports_are_for_staff_who_may_see_the_rows(scene, place):
    """Catches: data that goes out to anybody."""
    for method in ("get", "post"):
        assert "/login/" in getattr(Client(), method)(url(place), wanted())["Location"]
        assert getattr(signed_in(staff(f"eve-{method}")), method)(url(place), wanted()).status_code == 403
        who = staff(f"dismissed-{method}", *(f"view_{model}" for model in MODELS))
        client = signed_in(who)
        User.objects.filter(pk=who.pk).update(is_staff=False)
        assert "/login/" in getattr(client, method)(url(place), wanted())["Location"]


@pytest.mark.parametrize("model", MODELS)
def test_each_table_needs_the_permission_for_its_rows(scene, model):
    """Catches: a table that comes with the permission for another one."""
    eve = signed_in(staff("eve", *(f"view_{name}" for name in MODELS if name != model)))
    [hidden] = [name for name, table in exporting.TABLES.items() if table.model._meta.model_name == model]
    page = eve.get(url())
    assert hidden not in dict(page.context["form"].fields["tables"].choices)
    refused = eve.post(url(), wanted(hidden))
    assert not refused.streaming
    assert set(zipped(eve.post(url(), wanted(*(set(exporting.TABLES) - {hidden})))))


def test_the_action_is_offered_to_whoever_may(scene):
    for who, offered in (("change_participant", True), ("view_syncgroup", True)):
        model = get_participant_model() if who == "change_participant" else SyncGroup
        page = signed_in(staff(who, who)).get(list_url(model)).content.decode()
        assert ('value="export"' in page) is offered
    only_barriers = signed_in(staff("bea", "view_barrierrecord"))
    assert only_barriers.get(url()).status_code == 403


def test_forged_requests_are_refused(scene):
    staff("vera", *(f"view_{model}" for model in MODELS), password="secret")
    strict = Client(enforce_csrf_checks=True)
    strict.login(username="vera", password="secret")
    assert strict.post(url(), wanted()).status_code == 403


# How it is sent


def test_the_page_costs_the_same_for_2_pairs_and_for_20(vera):
    history()
    few = queries(lambda: content(vera.post(url(), wanted())))
    researchers.pairs_waiting(18, start=2)
    assert queries(lambda: content(vera.post(url(), wanted()))) == few


def test_a_request_in_a_transaction_is_not_read_in_it(vera, scene):
    """Catches: ATOMIC_REQUESTS, under which tables could be of several moments."""
    found = vera.post(url(), wanted("visits")).resolver_match.func
    assert "default" in found._non_atomic_requests


def test_under_asgi_it_is_streamed_too(scene, monkeypatch):
    """Catches: a file that is read into memory as a whole, because it is not asked for asynchronously."""
    monkeypatch.setattr(exports, "CHUNK", 100)
    tables = exporting.chosen(["visits"])
    response = exports.sent(
        AsyncRequestFactory().get("/"), exporting.pack(exporting.Selection(), tables=tables, naming=exporting.real_ids)
    )

    async def read() -> list[bytes]:
        return [chunk async for chunk in response]

    chunks = asyncio.run(read())
    assert response.is_async
    assert max(map(len, chunks)) == 100
    assert len(rows(b"".join(chunks))) == 6


def test_rows_that_have_left_the_list_are_not_everybody(vera, scene):
    """Catches: a choice of which nothing is left, and an export that nobody has chosen."""
    data = {"action": "export", "_selected_action": [scene.waiter.pk]}
    answer = vera.post(f"{list_url(scene.waiter)}?status__exact=finished", data, follow=True)
    assert "1 left alone: no longer in this list" in said(answer)
    assert "Everybody is exported" not in answer.content.decode()
