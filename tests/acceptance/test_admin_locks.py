"""The admin's pages escape what was stored, let nothing be edited wrongly, and show nothing to strangers."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User

from syncgroups import arrivals, testing
from syncgroups.admin import ParticipantAdmin
from syncgroups.barriers import Barrier
from syncgroups.models import (
    BarrierRecord,
    Participant,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    WakeUp,
)
from syncgroups.states import LinkState, ParticipantStatus

from . import researchers
from .researchers import MODELS, list_url, page_url, pairs_waiting

pytestmark = pytest.mark.django_db

EVIL = "<script>alert('x')</script>"
STATEFUL = [model for model in MODELS if model is not Participant]


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


@pytest.fixture
def admin_client(db):
    return researchers.signed_in(researchers.staff("root", is_superuser=True))


@pytest.fixture
def scene(_declared):
    return pairs_waiting(2)


# Escaping


def test_nothing_that_was_stored_becomes_markup(admin_client):
    """Catches `mark_safe`, `format_html(f"...")` and `|safe` anywhere on the way."""
    bad: list[Any] = testing.make_participants(2, cohort=EVIL, details={"x": EVIL})

    class Hall(Barrier):
        def choose_who_to_release(self, waiting_participants):
            return []

    with testing.declared(Hall(EVIL, max_wait_time=600)):
        visit, _other = testing.arrive_all(bad, EVIL, visit=EVIL)
        testing.process(EVIL, EVIL)
        group = SyncGroup.objects.create(group_type=EVIL, cohort=EVIL, last_error=EVIL, error_count=1, leader=bad[0])
        WakeUp.objects.create(barrier_id=EVIL, cohort=EVIL, sync_group=group)
        ParticipantLinkSyncGroup.objects.create(participant=bad[0], sync_group=group, group_type=EVIL)
        ParticipantLinkBarrier.objects.update(sync_group=group)
        record = BarrierRecord.objects.get()
        arrivals.pause(EVIL, EVIL, by=EVIL)
        BarrierRecord.objects.update(last_error=EVIL)
        pages = [page_url(row) for row in (*bad, group, visit, record)]
        before = [admin_client.get(url) for url in [*map(list_url, MODELS), *pages]]
        arrivals.fail(bad[0], EVIL, by=EVIL)
        arrivals.close_group(group, EVIL, by=EVIL)
        after = [admin_client.get(url) for url in [*map(list_url, MODELS), *pages]]
    for response in (*before, *after):
        html = response.content.decode()
        assert response.status_code == 200
        assert EVIL not in html
        assert "<script>alert" not in html
    assert "&lt;script&gt;" in after[0].content.decode()


# Reading only


def altered(row):
    """A form that would change everything about the row."""
    values = {
        "status": ParticipantStatus.FINISHED,
        "failed": "on",
        "failed_reason": "forged",
        "cohort": "forged",
        "time_credit": "1000",
        "public_id": "00000000-0000-0000-0000-000000000000",
        "active": "",
        "leader": "",
        "n_active_participants": "77",
        "min_group_size": "0",
        "max_group_size": "0",
        "state": LinkState.RELEASED,
        "deadline_0": "2000-01-01",
        "deadline_1": "00:00:00",
        "reason": "forged",
        "barrier_id": "forged",
        "last_error": "forged",
        "paused_at_0": "2000-01-01",
        "paused_at_1": "00:00:00",
    }
    inlines = ["sync_group_links", "barrier_links", "participant_links", "presence_intervals", "audit_entries"]
    for prefix in inlines:
        values |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    return {**values, "details": "{}"}


def stored(model):
    return list(model.objects.order_by("pk").values())


@pytest.mark.parametrize("model", MODELS)
def test_no_state_can_be_edited_through_a_form(admin_client, scene, model):
    """Catches an editable field that the engine rules, also for superusers."""
    before = stored(model)
    for row in model.objects.all():
        admin_client.post(page_url(row), altered(row))
    assert stored(model) == before


@pytest.mark.parametrize("model", STATEFUL)
def test_rows_that_the_engine_makes_offer_no_form_at_all(admin_client, scene, model):
    row = model.objects.first()
    assert admin_client.post(page_url(row), altered(row)).status_code == 403
    assert 'name="_save"' not in admin_client.get(page_url(row)).content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_nothing_can_be_added_or_deleted(admin_client, scene, model):
    before = stored(model)
    assert admin_client.get(list_url(model) + "add/").status_code == 403
    assert admin_client.post(list_url(model) + "add/", altered(None)).status_code == 403
    for row in model.objects.all():
        url = page_url(row).replace("change", "delete")
        assert admin_client.post(url, {"post": "yes"}).status_code == 403
        researchers.act(admin_client, "delete_selected", row, post="yes")
    assert stored(model) == before


def test_details_of_a_participant_can_be_edited(admin_client, scene):
    response = admin_client.post(page_url(scene.waiter), altered(None) | {"details": '{"note": "paid"}'})
    assert response.status_code == 302
    scene.waiter.refresh_from_db()
    assert scene.waiter.details == {"note": "paid"}
    assert scene.waiter.is_active


def test_editing_details_writes_nothing_else(rf, scene):
    """Catches `obj.save()`: it would write back the state that was read before the engine changed it."""
    page = ParticipantAdmin(Participant, admin.site)
    request = rf.post("/", {"details": '{"note": "paid"}'})
    request.user = researchers.staff("root", is_superuser=True)
    as_read = Participant.objects.get(pk=scene.waiter.pk)
    form = page.get_form(request, as_read)(request.POST, instance=as_read)
    assert form.is_valid()
    arrivals.fail(scene.waiter, "meanwhile")
    page.save_model(request, form.save(commit=False), form, True)
    scene.waiter.refresh_from_db()
    assert scene.waiter.failed
    assert scene.waiter.details == {"note": "paid"}


# Who may look


@pytest.mark.parametrize("model", MODELS)
def test_strangers_are_asked_to_sign_in_and_staff_without_permission_see_nothing(client, scene, model):
    row = model.objects.first()
    for url in (list_url(model), page_url(row)):
        assert "/login/" in client.get(url)["Location"]
        assert (
            researchers.signed_in(User.objects.get_or_create(username="eve", is_staff=True)[0]).get(url).status_code
            == 403
        )


@pytest.mark.parametrize("model", MODELS)
def test_a_viewer_sees_pages_without_verbs(scene, model):
    viewer = researchers.signed_in(researchers.staff("vera", f"view_{model._meta.model_name}"))
    assert viewer.get(list_url(model)).status_code == 200
    response = viewer.get(page_url(model.objects.first()))
    assert response.status_code == 200
    assert not response.context.get("verbs")
