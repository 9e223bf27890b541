"""Django's admin shows what there is, escaped, in a fixed number of queries, and lets nothing be edited wrongly."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from syncgroups import arrivals, testing
from syncgroups.admin import ParticipantAdmin
from syncgroups.admin.barriers import SHOWN_WAITING
from syncgroups.admin.base import moment
from syncgroups.barriers import Barrier, GroupBarrier
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
from .researchers import MODELS, list_url, page_url, pairs_waiting, queries

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


@pytest.mark.parametrize("model", MODELS)
def test_list_and_page_of_each_model_open(admin_client, scene, model):
    assert admin_client.get(list_url(model)).status_code == 200
    for row in model.objects.all():
        assert admin_client.get(page_url(row)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_lists_need_as_many_queries_for_2_pairs_as_for_40(admin_client, model):
    pairs_waiting(2)
    few = queries(lambda: admin_client.get(list_url(model)))
    pairs_waiting(38, start=2)
    assert model.objects.count() >= 40
    assert queries(lambda: admin_client.get(list_url(model))) == few


@pytest.mark.parametrize("model", MODELS)
def test_filters_can_show_counts(admin_client, scene, model):
    assert admin_client.get(f"{list_url(model)}?_facets=True").status_code == 200


def filters_of(model):
    return {
        Participant: ["cohort=c0", "status__exact=working", "failed__exact=0"],
        SyncGroup: ["cohort=c0", "group_type=rps", "active__exact=1", "condition=waiting", "condition=failing"],
        ParticipantLinkSyncGroup: ["group_type=rps", "active__exact=1"],
        ParticipantLinkBarrier: ["cohort=c0", "barrier=choice_made", "state__exact=waiting", "condition=overdue"],
        BarrierRecord: ["cohort=c0", "barrier=choice_made", *(f"condition={c}" for c in CONDITIONS)],
        WakeUp: ["cohort=c0", "barrier=choice_made"],
    }[model]


CONDITIONS = ["waiting", "paused", "failing", "undeclared"]


@pytest.mark.parametrize(("model", "query"), [(model, query) for model in MODELS for query in filters_of(model)])
def test_each_filter_works(admin_client, scene, model, query):
    response = admin_client.get(f"{list_url(model)}?{query}")
    assert response.status_code == 200, response.get("Location")


@pytest.mark.parametrize("model", [model for model in MODELS if model is not ParticipantLinkSyncGroup])
def test_a_cohort_is_shown_alone(admin_client, scene, model):
    shown = admin_client.get(f"{list_url(model)}?cohort=c1").context["cl"].queryset
    assert {row.cohort for row in shown} == {"c1"}
    assert not admin_client.get(f"{list_url(model)}?cohort=").context["cl"].queryset.exists()


@pytest.mark.parametrize("query", ["cohort=%00", "barrier=%00", "condition=%00", "q=%00"])
def test_strange_filters_find_nothing_and_are_no_crash(admin_client, scene, query):
    assert admin_client.get(f"{list_url(ParticipantLinkBarrier)}?{query}", follow=True).status_code == 200


def found(client, model, query):
    return list(client.get(f"{list_url(model)}?{query}").context["cl"].queryset)


def test_filters_by_condition_find_what_they_say(admin_client, scene):
    assert found(admin_client, SyncGroup, "condition=waiting&cohort=c0") == [scene.group]
    assert found(admin_client, BarrierRecord, "condition=waiting&cohort=c0") == [scene.record]
    assert found(admin_client, BarrierRecord, "condition=paused") == []
    arrivals.pause("choice_made", "c0")
    assert found(admin_client, BarrierRecord, "condition=paused") == [scene.record]
    BarrierRecord.objects.filter(pk=scene.record.pk).update(last_error="KeyError: 'x'")
    assert found(admin_client, BarrierRecord, "condition=failing") == [scene.record]
    assert found(admin_client, BarrierRecord, "condition=undeclared") == []
    gone = BarrierRecord.objects.create(barrier_id="gone")
    assert found(admin_client, BarrierRecord, "condition=undeclared") == [gone]
    assert found(admin_client, ParticipantLinkBarrier, "condition=overdue") == []
    testing.let_time_pass(601)
    assert scene.visit in found(admin_client, ParticipantLinkBarrier, "condition=overdue")


def test_search_finds_public_ids_whole_in_part_and_as_shown(admin_client, scene):
    person = scene.waiter
    for term in [person.public_id, str(person.public_id)[:13], str(person)]:
        assert found(admin_client, Participant, f"q={term}") == [person]
    assert found(admin_client, SyncGroup, f"q={person.public_id}") == [scene.group]
    assert found(admin_client, SyncGroup, f"q={scene.group.public_id}") == [scene.group]
    assert scene.visit in found(admin_client, ParticipantLinkBarrier, f"q={person}")
    assert found(admin_client, ParticipantLinkSyncGroup, f"q={person}")[0].participant == person
    assert {record.barrier_id for record in found(admin_client, BarrierRecord, "q=choice")} == {"choice_made"}


def test_participant_list_says_where_each_one_is(admin_client, scene):
    html = admin_client.get(f"{list_url(Participant)}?cohort=c0").content.decode()
    assert page_url(scene.group) in html
    assert "choice_made" in html


def test_group_page_lists_members_leader_and_where_they_wait(admin_client, scene):
    html = admin_client.get(page_url(scene.group)).content.decode()
    for member in scene.pairs[0]:
        assert page_url(member) in html
    assert "choice_made" in html


def test_participant_page_lists_visits_and_memberships(admin_client, scene):
    html = admin_client.get(page_url(scene.waiter)).content.decode()
    assert "rps_grouper" in html
    assert "choice_made" in html
    assert page_url(scene.group) in html


# The page of a barrier


def test_barrier_page_names_rule_and_who_waits_for_whom_since_when_until_when(admin_client, scene):
    response = admin_client.get(page_url(scene.record))
    html = response.content.decode()
    assert f"{GroupBarrier.__module__}.GroupBarrier" in html
    (wait,) = response.context["waits"]
    assert page_url(scene.waiter) in wait["participant"]
    assert page_url(scene.group) in wait["group"]
    assert wait["since"] == moment(scene.visit.arrival_time)
    assert wait["until"] == moment(scene.visit.deadline)
    assert not wait["is_overdue"]


def test_a_wait_past_its_deadline_is_overdue_unless_the_barrier_was_paused_before(admin_client, scene):
    def is_overdue():
        (wait,) = admin_client.get(page_url(scene.record)).context["waits"]
        return wait["is_overdue"]

    ParticipantLinkBarrier.objects.waiting().update(deadline=timezone.now() - timedelta(seconds=5))
    assert is_overdue()
    BarrierRecord.objects.update(paused_at=timezone.now() - timedelta(seconds=10), paused_by="ada")
    assert not is_overdue()
    BarrierRecord.objects.update(paused_at=timezone.now())
    assert is_overdue()


def test_barrier_page_says_who_paused_and_what_went_wrong(admin_client, scene):
    arrivals.pause("choice_made", "c0", by="grace")
    BarrierRecord.objects.update(last_error="ZeroDivisionError: division by zero", last_error_at=timezone.now())
    html = admin_client.get(page_url(scene.record)).content.decode()
    assert "grace" in html
    assert "ZeroDivisionError" in html


def test_a_barrier_that_is_no_longer_declared_has_a_page_that_says_so(admin_client, scene):
    with testing.declared():
        assert "Not declared on this site" in admin_client.get(page_url(scene.record)).content.decode()
        assert admin_client.get(list_url(BarrierRecord)).status_code == 200


def test_barrier_page_names_at_most_so_many_and_links_to_all(admin_client):
    class Hall(Barrier):
        def choose_who_to_release(self, waiting_participants):
            return []

    with testing.declared(Hall("hall", max_wait_time=600)):
        testing.arrive_all(testing.make_participants(2), "hall")
        testing.process("hall")
        page = page_url(BarrierRecord.objects.get())
        few = queries(lambda: admin_client.get(page))
        people = testing.make_participants(SHOWN_WAITING)
        testing.arrive_all(people, "hall")
        assert queries(lambda: admin_client.get(page)) == few
        response = admin_client.get(page)
    assert len(response.context["waits"]) == SHOWN_WAITING
    html = response.content.decode()
    assert f"{SHOWN_WAITING + 2} participants wait" in html
    assert "2 more are not shown" in html
    assert "state__exact=waiting" in response.context["link_to_all"]
    link = response.context["link_to_all"].split('"')[1].replace("&amp;", "&")
    assert admin_client.get(link).context["cl"].result_count == SHOWN_WAITING + 2


def test_barrier_list_shows_counts_and_the_next_deadline(admin_client, scene):
    (record,) = found(admin_client, BarrierRecord, "barrier=choice_made&cohort=c0")
    assert record.n_waiting == 1
    assert record.waiting_since == scene.visit.arrival_time
    assert record.next_deadline == scene.visit.deadline


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
    inlines = {"sync_group_links": "", "barrier_links": "", "participant_links": ""}
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


def test_waits_on_pages_count_up(admin_client, scene):
    ParticipantLinkBarrier.objects.waiting().update(arrival_time=F("arrival_time") - timedelta(seconds=83))
    assert "1 min 2" in admin_client.get(page_url(scene.record)).content.decode()


def test_a_barriers_page_offers_to_pause_or_to_resume_but_never_both(admin_client, scene):
    for offered, other in (("pause", "resume"), ("resume", "pause")):
        html = admin_client.get(page_url(scene.record)).content.decode()
        assert f'name="action" value="{offered}"' in html
        assert f'name="action" value="{other}"' not in html
        arrivals.pause("choice_made", "c0", by="grace")


def test_the_list_of_barriers_says_early_on_what_keeps_people_there(admin_client, scene):
    arrivals.pause("choice_made", "c0", by="grace")
    BarrierRecord.objects.filter(pk=scene.record.pk).update(last_error="KeyError: 'x'")
    html = admin_client.get(list_url(BarrierRecord)).content.decode()
    assert "Paused by grace; KeyError" in html
    assert html.index("column-condition") < html.index("column-waiting")


def test_a_group_that_ended_as_it_should_is_no_trouble(admin_client, scene):
    """Catches a column that shows why a group closed: passing the closer looks like an error there."""
    arrivals.close_group(scene.group, "passed 'closer_rps'")
    html = admin_client.get(list_url(SyncGroup)).content.decode()
    assert "passed &#x27;" not in html
    SyncGroup.objects.filter(pk=scene.group.pk).update(failed=True, failed_reason="too few")
    assert "too few" in admin_client.get(list_url(SyncGroup)).content.decode()


def test_pages_say_which_person_ended_something(admin_client, scene):
    group, membership = scene.group, scene.waiter.sync_group_links.get()
    arrivals.close_group(group, "enough", by="grace")
    arrivals.fail(scene.waiter, "rude", by="hedy")
    assert "hedy" in admin_client.get(page_url(scene.waiter)).content.decode()
    for row in (group, membership):
        assert "grace" in admin_client.get(page_url(row)).content.decode()


def test_the_reason_that_has_to_be_given_is_marked_as_required(admin_client, scene):
    html = researchers.act(admin_client, "close", scene.group).content.decode()
    assert '<label for="id_reason" class="required">' in html or '<label class="required" for="id_reason">' in html
    assert "Required." in html
