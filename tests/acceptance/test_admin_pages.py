"""Django's admin shows what there is, in a fixed number of queries."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from syncgroups import arrivals, operating, testing
from syncgroups.admin import ParticipantAdmin
from syncgroups.admin.barriers import SHOWN_WAITING
from syncgroups.admin.base import moment
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.models import (
    AuditEntry,
    BarrierRecord,
    Participant,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    WakeUp,
)

from . import researchers
from .researchers import MODELS, list_url, page_url, pairs_waiting, queries

pytestmark = pytest.mark.django_db


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


def leads_to_history(client, row):
    url = page_url(row)
    return f'href="{url.replace("change", "history")}"' in client.get(url).content.decode()


@pytest.mark.parametrize("name", ["waiter", "group", "record", "visit"])
def test_no_page_leads_to_an_empty_history(admin_client, scene, name):
    """Catches: "this object has no history" beside an audit that is full of what was done to it."""
    assert not leads_to_history(admin_client, getattr(scene, name))


def test_changes_by_hand_are_found_in_the_history(admin_client, scene):
    """Catches: a link that is gone from the one page whose changes are in no audit."""
    form = {"details": '{"note": "by hand"}'}
    for prefix in ("sync_group_links", "barrier_links", "presence_intervals", "audit_entries"):
        form |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    assert admin_client.post(page_url(scene.waiter), form).status_code == 302
    assert leads_to_history(admin_client, scene.waiter)
    assert not leads_to_history(admin_client, scene.absentee)


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
    assert scene.visit not in found(admin_client, ParticipantLinkBarrier, "condition=overdue"), "no time has run"
    arrivals.resume("choice_made", "c0")
    testing.let_time_pass(601)
    assert scene.visit in found(admin_client, ParticipantLinkBarrier, "condition=overdue")
    SyncGroup.objects.filter(pk=scene.group.pk).update(paused_at=scene.visit.arrival_time)
    assert scene.visit not in found(admin_client, ParticipantLinkBarrier, "condition=overdue")


def test_search_finds_public_ids_whole_in_part_and_as_shown(admin_client, scene):
    person = scene.waiter
    for term in [person.public_id, str(person.public_id)[:13], str(person)]:
        assert found(admin_client, Participant, f"q={term}") == [person]
    assert found(admin_client, SyncGroup, f"q={person.public_id}") == [scene.group]
    assert found(admin_client, SyncGroup, f"q={scene.group.public_id}") == [scene.group]
    assert found(admin_client, SyncGroup, f"q={scene.group}") == [scene.group]
    assert scene.visit in found(admin_client, ParticipantLinkBarrier, f"q={person}")
    assert found(admin_client, ParticipantLinkSyncGroup, f"q={person}")[0].participant == person
    assert {record.barrier_id for record in found(admin_client, BarrierRecord, "q=choice")} == {"choice_made"}
    entry = operating.fail(person, reason="rude", by="ada")
    for term in [person.public_id, str(person)]:
        assert found(admin_client, AuditEntry, f"q={term}") == [entry]


def test_participant_list_says_where_each_one_is(admin_client, scene):
    html = admin_client.get(f"{list_url(Participant)}?cohort=c0").content.decode()
    assert page_url(scene.group) in html
    assert "choice_made" in html


def test_group_page_lists_members_leader_and_where_they_wait(admin_client, scene):
    html = admin_client.get(page_url(scene.group)).content.decode()
    for member in scene.pairs[0]:
        assert page_url(member) in html
    assert "choice_made" in html


def test_of_people_who_have_ended_no_presence_is_told(admin_client, scene):
    """Catches: "Present" for ever, beside somebody who finished yesterday."""

    def told():
        pages = [f"{list_url(Participant)}?cohort=c0", page_url(scene.waiter), page_url(scene.group)]
        return [admin_client.get(page).content.decode().count("Present</") for page in pages]

    before = told()
    scene.waiter.leave()
    assert [then - now for then, now in zip(before, told(), strict=True)] == [1, 1, 1]


def test_a_site_may_show_presence_in_fields_of_its_own_choice(admin_client, scene, monkeypatch):
    """Catches: a page that fails because a column that the engine writes is neither to be edited nor to be read."""
    monkeypatch.setattr(ParticipantAdmin, "fields", ["status", "presence", "details"])
    html = admin_client.get(page_url(scene.waiter)).content.decode()
    assert "Present" in html
    assert 'name="presence"' not in html


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


def test_a_wait_past_its_deadline_is_overdue_unless_the_barrier_or_the_group_was_paused_before(admin_client, scene):
    def is_overdue():
        (wait,) = admin_client.get(page_url(scene.record)).context["waits"]
        return wait["is_overdue"]

    ParticipantLinkBarrier.objects.waiting().update(deadline=timezone.now() - timedelta(seconds=5))
    assert is_overdue()
    BarrierRecord.objects.update(paused_at=timezone.now() - timedelta(seconds=10), paused_by="ada")
    assert not is_overdue()
    BarrierRecord.objects.update(paused_at=timezone.now())
    assert is_overdue()
    SyncGroup.objects.update(paused_at=timezone.now() - timedelta(seconds=10))
    assert not is_overdue()
    BarrierRecord.objects.update(paused_at=None)
    assert not is_overdue()


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
