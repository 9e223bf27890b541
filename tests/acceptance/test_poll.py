"""The poll endpoint: what it says, to whom, how seldom it repeats itself, and what it costs."""

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncgroups import testing
from syncgroups.barriers import Barrier, GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.identity import issue_token, participant_of_token
from syncgroups.models import ParticipantLinkBarrier, get_participant_model
from syncgroups.standing import standing_of
from syncgroups.states import LinkState
from tests.acceptance.participant_site import (
    DEFAULT_RESOLVER,
    barriers_of_the_site,
    everything_stored,
    make_pair,
    signed_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.acceptance.participant_site")]

POLL = "/sync/api/v1/me/"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = DEFAULT_RESOLVER
    with barriers_of_the_site():
        yield


@pytest.fixture
def participant():
    return testing.make_participants(1)[0]


def poll(client, participant, **headers):
    return client.get(POLL, headers=signed_in(participant, **headers))


def the_wait(client, participant):
    (wait,) = poll(client, participant).json()["waits"]
    return wait


def test_it_says_who_one_is_and_how_one_stands(client, participant):
    assert poll(client, participant).json() == {
        "participant_id": str(participant.public_id),
        "status": "working",
        "failed": False,
        "failed_reason": "",
        "time_credit": 0.0,
        "waits": [],
        "groups": [],
        "presence": "present",
        "waiting": False,
        "poll_after": 1.0,
    }


def test_it_says_where_since_when_until_when_and_for_how_many_one_waits(client, participant):
    (link,) = testing.arrive_all([participant], "pair_grouper")
    answer = poll(client, participant).json()
    link.refresh_from_db()
    assert answer["waiting"] is True
    (wait,) = answer["waits"]
    assert (wait["barrier_id"], wait["visit_id"]) == ("pair_grouper", str(link.public_id))
    assert (wait["n_here"], wait["n_needed"]) == (1, 2)
    assert wait["since"].startswith(f"{link.arrival_time:%Y-%m-%dT%H:%M:%S}")
    assert wait["until"].startswith(f"{link.deadline:%Y-%m-%dT%H:%M:%S}")


def test_a_grouper_counts_who_waits_there_in_the_same_cohort(client, participant):
    others = testing.make_participants(2) + testing.make_participants(3, cohort="elsewhere")
    with testing.declared(SimpleGrouper("five", initial_group_size=5), Barrier("other")):
        testing.arrive_all([participant, *others], "five_grouper")
        testing.arrive_all(others, "other")
        assert (the_wait(client, participant)["n_here"], the_wait(client, participant)["n_needed"]) == (3, 5)


@pytest.mark.parametrize("silence", ["quiet", "gone"])
def test_a_grouper_does_not_count_those_who_give_no_signs_of_life(client, participant, silence):
    """Fails when people are promised company with whom they are not matched."""
    others = testing.make_participants(2)
    with testing.declared(SimpleGrouper("five", initial_group_size=5)):
        testing.arrive_all([participant, *others], "five_grouper")
        type(participant).objects.filter(pk=others[0].pk).update(presence=silence)
        assert the_wait(client, participant)["n_here"] == 2


@pytest.mark.parametrize(("silence", "n_here"), [("quiet", 2), ("gone", 1)])
def test_a_group_barrier_counts_everybody_but_the_gone(client, silence, n_here):
    """Fails when somebody is said to be here who is absent where it matters."""
    pair = make_pair()
    testing.arrive_all(pair, "together")
    type(pair[1]).objects.filter(pk=pair[1].pk).update(presence=silence)
    assert the_wait(client, pair[0])["n_here"] == n_here


def test_who_has_gone_on_failed_or_left_is_not_counted(client, participant):
    others = testing.make_participants(3)
    with testing.declared(SimpleGrouper("five", initial_group_size=5)):
        links = testing.arrive_all([participant, *others], "five_grouper")
        links[1].release()
        others[1].fail()
        others[2].leave()
        assert the_wait(client, participant)["n_here"] == 1


def test_a_group_barrier_counts_the_group_only(client):
    one, two = make_pair(), make_pair()
    testing.arrive_all([one[0], *two], "together")
    wait = the_wait(client, one[0])
    assert (wait["n_here"], wait["n_needed"]) == (1, 2)


def test_a_group_of_which_nobody_is_there_is_not_said_to_be_as_many_as_all_others_are(client):
    """Catches: counting strangers for somebody who is back after having been gone, and whose group is not here."""
    one, two, three = make_pair(), make_pair(), make_pair()
    testing.arrive_all([one[0], two[0], three[0]], "together")
    type(one[0]).objects.filter(pk=one[0].pk).update(presence="gone")
    wait = the_wait(client, one[0])
    assert (wait["n_here"], wait["n_needed"]) == (0, 2)


def test_a_resolver_may_answer_with_a_lazy_object(client, participant, settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = "tests.acceptance.participant_site.resolve_lazily"
    testing.arrive_all([participant], "pair_grouper")
    assert the_wait(client, participant)["n_here"] == 1


def test_a_group_barrier_needs_fewer_after_somebody_failed():
    with testing.declared(SimpleGrouper("trio", initial_group_size=3, min_group_size=2), GroupBarrier("meet", "trio")):
        trio = testing.make_participants(3)
        testing.arrive_all(trio, "trio_grouper")
        testing.process("trio_grouper")
        testing.arrive_all(trio[:1], "meet")
        trio[2].fail()
        (wait,) = standing_of(trio[0]).waits
        assert (wait.n_here, wait.n_needed) == (1, 2)


def test_a_group_below_its_minimum_needs_the_minimum_except_where_it_is_closed():
    declarations = [
        SimpleGrouper("trio", initial_group_size=3, join_existing_groups=True),
        GroupBarrier("meet", "trio"),
        GroupCloser("trio"),
    ]
    with testing.declared(*declarations):
        trio = testing.make_participants(3)
        testing.arrive_all(trio, "trio_grouper")
        testing.process("trio_grouper")
        trio[2].fail()
        testing.arrive_all(trio[:1], "meet")
        testing.arrive_all(trio[1:2], "closer_trio")
        assert standing_of(trio[0]).waits[0].n_needed == 3
        assert standing_of(trio[1]).waits[0].n_needed == 2


def test_a_barrier_whose_rule_does_not_count_needs_no_number(client, participant):
    with testing.declared(Barrier("plain")):
        testing.arrive_all([participant], "plain")
        wait = the_wait(client, participant)
    assert (wait["n_here"], wait["n_needed"]) == (1, None)


def test_a_barrier_that_is_no_longer_declared_is_told_all_the_same(client, participant):
    with testing.declared(Barrier("old")):
        testing.arrive_all([participant], "old")
    assert the_wait(client, participant)["n_needed"] is None


def test_two_visits_and_two_groups_are_told_once_each(client):
    """Fails when the rows of the join are taken for visits or for groups."""
    declarations = [
        SimpleGrouper("a", initial_group_size=2),
        SimpleGrouper("b", initial_group_size=3),
        GroupBarrier("with_a", "a"),
        GroupBarrier("with_b", "b"),
    ]
    with testing.declared(*declarations):
        trio = testing.make_participants(3)
        testing.arrive_all(trio[:2], "a_grouper")
        testing.process("a_grouper")
        testing.arrive_all(trio, "b_grouper")
        testing.process("b_grouper")
        testing.arrive_all(trio[:1], "with_a")
        testing.arrive_all(trio[:2], "with_b")
        answer = poll(client, trio[0]).json()
    waits = [(wait["barrier_id"], wait["n_here"], wait["n_needed"]) for wait in answer["waits"]]
    assert waits == [("with_a", 1, 2), ("with_b", 2, 3)]
    assert [(group["group_type"], group["size"]) for group in answer["groups"]] == [("a", 2), ("b", 3)]


def test_it_says_who_leads_only_as_ones_own_role(client):
    pair = make_pair()
    roles = {poll(client, member).json()["groups"][0]["role"] for member in pair}
    assert roles == {"leader", "follower"}


def test_groups_that_are_closed_are_not_told(client):
    pair = make_pair()
    pair[0].sync_group.close()
    assert poll(client, pair[0]).json()["groups"] == []


def test_it_names_nobody_else(client):
    pair = make_pair()
    testing.arrive_all(pair, "together")
    text = poll(client, pair[0]).content.decode()
    assert str(pair[0].public_id) in text
    assert str(pair[1].public_id) not in text
    others_visit = ParticipantLinkBarrier.objects.waiting().get(participant=pair[1])
    assert str(others_visit.public_id) not in text


@pytest.mark.parametrize(("end", "status", "failed"), [("fail", "working", True), ("leave", "left", False)])
def test_whose_part_has_ended_is_told_so_and_leaves_no_trace(client, participant, end, status, failed):
    testing.arrive_all([participant], "pair_grouper")
    getattr(participant, end)("enough")
    before = everything_stored()
    answer = poll(client, participant)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["failed"], answer.json()["waiting"]) == (status, failed, False)
    assert everything_stored() == before


# Repeating oneself


def test_all_of_the_answer_is_of_one_moment(participant):
    """Fails when who asked is told of as they were found a moment before: failed meanwhile, and told "Ready"."""
    testing.arrive_all([participant], "pair_grouper")
    asking = participant_of_token(issue_token(participant))
    participant.fail("answered too fast")
    standing = standing_of(asking)
    assert (standing.failed, standing.failed_reason) == (True, "answered too fast")
    assert standing.waits == []


def test_whom_a_lagging_copy_of_the_database_does_not_know_yet_is_told_what_is_known():
    """Fails when the first poll of somebody who has just come is an error."""
    newcomer = get_participant_model()(status="working")
    assert (standing_of(newcomer).status, standing_of(newcomer).waits) == ("working", [])


def test_while_nothing_changes_the_answer_is_304_and_empty(client, participant):
    testing.arrive_all([participant], "pair_grouper")
    etag = poll(client, participant)["ETag"]
    again = poll(client, participant, **{"If-None-Match": etag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)


def test_a_tag_that_a_proxy_has_weakened_still_matches(client, participant):
    etag = poll(client, participant)["ETag"]
    assert poll(client, participant, **{"If-None-Match": f'"other", W/{etag}'}).status_code == 304


def test_time_that_passes_is_no_change(client, participant):
    """Fails when the answer has a clock in it, such as the seconds waited so far."""
    testing.arrive_all([participant], "pair_grouper")
    first = poll(client, participant)
    type(participant).objects.update(last_seen_at=Now())
    assert poll(client, participant)["ETag"] == first["ETag"]


def test_an_arrival_a_release_and_a_failure_are_changes(client):
    pair = testing.make_participants(2)
    tags = [poll(client, pair[0])["ETag"]]
    for step in (
        lambda: testing.arrive_all(pair[:1], "pair_grouper"),
        lambda: testing.arrive_all(pair[1:], "pair_grouper"),
        lambda: testing.process("pair_grouper"),
        lambda: pair[1].fail(),
        lambda: pair[0].fail(),
    ):
        step()
        answer = poll(client, pair[0], **{"If-None-Match": tags[-1]})
        assert answer.status_code == 200
        tags.append(answer["ETag"])
    assert len(set(tags)) == len(tags)


def test_two_people_never_share_an_answer(client):
    one, other = testing.make_participants(2)
    assert poll(client, one)["ETag"] != poll(client, other)["ETag"]


@pytest.mark.parametrize("headers", [{}, {"If-None-Match": "*"}])
def test_nothing_in_between_may_keep_the_answer(client, participant, headers):
    response = poll(client, participant, **headers)
    assert {"private", "no-cache"} <= set(response["Cache-Control"].replace(" ", "").split(","))
    assert {"Cookie", "Authorization"} <= set(response["Vary"].replace(" ", "").split(","))


def test_a_refusal_may_not_be_kept_either(client):
    assert "no-store" in client.get(POLL)["Cache-Control"]


def test_head_is_the_answer_without_its_text(client, participant):
    whole = poll(client, participant)
    head = client.head(POLL, headers=signed_in(participant))
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", whole["ETag"])
    headers = signed_in(participant, **{"If-None-Match": whole["ETag"]})
    assert client.head(POLL, headers=headers).status_code == 304


def test_options_says_what_may_be_done(client, participant):
    assert client.options(POLL, headers=signed_in(participant))["Allow"] == "GET, HEAD, OPTIONS"


def test_the_site_says_when_to_ask_again(client, participant, settings):
    settings.SYNCGROUPS_POLL_INTERVAL = 7.5
    assert poll(client, participant).json()["poll_after"] == 7.5


# Who asks


def test_the_session_will_do_instead_of_the_header(client, participant):
    client.get(f"/enter/{issue_token(participant)}/")
    assert client.get(POLL).json()["participant_id"] == str(participant.public_id)


def test_the_header_goes_before_the_session(client):
    one, other = testing.make_participants(2)
    client.get(f"/enter/{issue_token(one)}/")
    assert poll(client, other).json()["participant_id"] == str(other.public_id)


def test_the_name_of_the_scheme_may_be_written_in_small_letters(client, participant):
    headers = {"Authorization": f"participant {issue_token(participant)}"}
    assert client.get(POLL, headers=headers).status_code == 200


def test_the_site_may_say_itself_who_asks(client, participant, settings):
    settings.SYNCGROUPS_PARTICIPANT_RESOLVER = "tests.acceptance.participant_site.resolve_from_address"
    assert client.get(POLL, {"token": issue_token(participant)}).status_code == 200
    assert client.get(POLL).status_code == 401


# What it costs


@pytest.mark.parametrize("n", [2, 40])
def test_a_poll_is_two_queries_however_many_wait(client, participant, n, django_assert_num_queries):
    with testing.declared(SimpleGrouper("big", initial_group_size=50)):
        testing.arrive_all([participant, *testing.make_participants(n)], "big_grouper")
        etag = poll(client, participant)["ETag"]
        with django_assert_num_queries(2):
            poll(client, participant)
        with django_assert_num_queries(2):
            assert poll(client, participant, **{"If-None-Match": etag}).status_code == 304


def test_to_note_a_sign_of_life_costs_more_but_seldom(client, participant):
    with CaptureQueriesContext(connection) as first:
        poll(client, participant)
    with CaptureQueriesContext(connection) as second:
        poll(client, participant)
    assert len(first) > len(second) == 2
    participant.refresh_from_db()
    assert participant.last_seen_at is not None


def test_the_owner_of_a_token_is_found_in_one_query(participant, django_assert_num_queries):
    token = issue_token(participant)
    with django_assert_num_queries(1):
        assert participant_of_token(token) == participant


@pytest.mark.postgresql
def test_the_question_is_answered_from_indexes():
    """Fails when a join or a count has a condition that the partial indexes do not have."""
    with testing.declared(Barrier("old"), SimpleGrouper("big", initial_group_size=5000)):
        people = get_participant_model().objects.bulk_create([get_participant_model()() for _ in range(500)])
        let_pass(people, "old", visits=10)
        testing.arrive_all(people[:20], "big_grouper")
        with CaptureQueriesContext(connection) as queries:
            standing_of(people[7])
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
            cursor.execute("EXPLAIN " + queries[0]["sql"])
            plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on syncgroups_participantlinkbarrier" not in plan, plan
    assert "Seq Scan on syncgroups_participant " not in plan, plan


def let_pass(people, barrier_id, *, visits):
    """Visits that have ended long ago."""
    links = [
        ParticipantLinkBarrier(
            participant=person,
            barrier_id=barrier_id,
            visit=str(visit),
            state=LinkState.RELEASED,
            deadline=timezone.now(),
            departure_time=timezone.now(),
        )
        for person in people
        for visit in range(visits)
    ]
    ParticipantLinkBarrier.objects.bulk_create(links)
