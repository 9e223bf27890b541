"""Each promise tells when it is broken, by a sentence that names the row; what is on its way is no fault."""

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from syncgroups import testing, verifying
from syncgroups.models import (
    BarrierRecord,
    ParticipantLinkSyncGroup,
    PresenceInterval,
    WakeUp,
    all_participants,
)

from .promised import A_SECOND, ENDED, GROUPS, LATE, VISITS, WAITING, be_late, call

pytestmark = pytest.mark.django_db

MEMBERSHIPS = ParticipantLinkSyncGroup.objects
INTERVALS = PresenceInterval.objects


def without(kind, table, name):
    """The database's own promise, broken first. Undone with the test."""
    dropping = f"ALTER TABLE syncgroups_{table} DROP CONSTRAINT {name}" if kind == "check" else f"DROP INDEX {name}"
    with connection.cursor() as cursor:
        if kind == "check":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(dropping)


def wait_twice():
    without("unique", "participantlinkbarrier", "syncgroups_one_open_visit")
    again(WAITING.get())


def again(row, **fields):
    row.pk, row._state.adding = None, True
    if hasattr(row, "public_id"):
        row.public_id = "00000000-0000-0000-0000-000000000001"
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


def forget_the_departure():
    without("check", "participantlinkbarrier", "syncgroups_departed_visit_has_time")
    ENDED.update(departure_time=None)


def end_in_no_known_way():
    without("check", "participantlinkbarrier", "syncgroups_visit_state_known")
    ENDED.update(state="vanished")


def be_in_two_groups():
    without("unique", "participantlinksyncgroup", "syncgroups_one_active_group_per_type")
    link = MEMBERSHIPS.earliest("pk")
    other = GROUPS.create(group_type="rps", cohort="monday", n_active_participants=1, leader=link.participant)
    again(link, sync_group=other)


def shrink(**sizes):
    without("check", "syncgroup", "syncgroups_group_sizes_in_order")
    GROUPS.update(**sizes)


def stand_without_end():
    without("check", "participantlinksyncgroup", "syncgroups_ended_membership_has_departure")
    MEMBERSHIPS.update(active=False)


def close_without_end():
    without("check", "syncgroup", "syncgroups_group_closed_has_end_time")
    MEMBERSHIPS.update(active=False, departure_time=Now())
    GROUPS.update(active=False)


def join_a_full_group():
    [third] = testing.make_participants(1, cohort="monday")
    MEMBERSHIPS.create(participant=third, sync_group=GROUPS.get(), group_type="rps")


def overlap():
    """An interval that has ended, but after the next one began."""
    going_on = INTERVALS.earliest("pk")
    INTERVALS.filter(pk=going_on.pk).update(
        began_at=F("began_at") - 9 * A_SECOND, ended_at=F("began_at") + 9 * A_SECOND
    )
    again(going_on, began_at=going_on.began_at)


def visit_twice():
    without("check", "participantlinkbarrier", "syncgroups_visit_once")
    VISITS.update(visit="round 1")
    again(ENDED.earliest("pk"))


def keep_two_records():
    without("check", "barrierrecord", "syncgroups_one_record_per_cohort")
    again(BarrierRecord.objects.earliest("pk"))


def tear():
    """An interval ends, and the next one, of another kind, begins after a while of nothing."""
    going_on = INTERVALS.earliest("pk")
    INTERVALS.filter(pk=going_on.pk).update(
        began_at=F("began_at") - 9 * A_SECOND, ended_at=F("began_at") - 5 * A_SECOND
    )
    again(going_on, state="quiet")


def go_on_as_before():
    """An interval ends, and the next one is of the same kind."""
    going_on = INTERVALS.earliest("pk")
    INTERVALS.filter(pk=going_on.pk).update(began_at=F("began_at") - 9 * A_SECOND, ended_at=F("began_at"))
    again(going_on)


def close_what_is_paused():
    GROUPS.update(active=False, end_time=Now(), paused_at=Now(), paused_by="a")


def be_forgotten():
    """All are here, and the call that their arrival has left is lost."""
    [late] = all_participants().exclude(pk__in=WAITING.values("participant"))
    testing.arrive_all([late], "choice")
    VISITS.waiting().update(arrival_time=Now() - LATE)
    WakeUp.objects.all().delete()


#: The promise, what breaks it, and a part of the sentence.
BREACHES = [
    ("one_open_visit", wait_twice, "waits at 'choice' more than once: visit 00000000-"),
    ("ended_visits_have_outcome_and_time", forget_the_departure, "is 'released', arrived at"),
    ("ended_visits_have_outcome_and_time", end_in_no_known_way, "'vanished'"),
    (
        "ended_visits_have_outcome_and_time",
        lambda: ENDED.update(departure_time=F("arrival_time") - A_SECOND),
        "that cannot be",
    ),
    ("visits_happen_once", visit_twice, "has made visit 'round 1' to 'rps_grouper' twice: visit 00000000-"),
    ("credit_can_be_earned", lambda: ENDED.update(time_credit=10**6), "has a credit of 1000000.0 s, and could earn"),
    ("places_are_in_queues", lambda: WAITING.update(place_since=Now()), "and 'choice' forms no groups"),
    (
        "members_wait_with_their_group",
        lambda: MEMBERSHIPS.update(active=False, departure_time=Now()),
        "waits at 'choice' with group",
    ),
    (
        "closed_groups_are_not_paused",
        close_what_is_paused,
        "still paused by a",
    ),
    ("presence_is_told_without_a_gap", tear, "and then the same, or nothing"),
    ("presence_is_told_without_a_gap", go_on_as_before, "and then the same"),
    ("silence_has_a_consequence", lambda: all_participants().update(quiet_at=None), "is present, and silence would"),
    ("silence_has_a_consequence", lambda: all_participants().update(presence="quiet"), "is quiet, and silence would"),
    ("nobody_is_forgotten", be_forgotten, "is complete at 'choice' (cohort 'monday')"),
    ("barriers_have_one_record", keep_two_records, "has more than one record for cohort 'monday'"),
    ("waits_have_time", lambda: WAITING.update(deadline=F("arrival_time")), "was to end before it began"),
    ("credit_comes_with_the_end", lambda: WAITING.update(time_credit=1), "has a credit of 1.0 s, and is 'waiting'"),
    ("credit_comes_with_the_end", lambda: VISITS.update(time_credit=-1), "has a credit of -1.0 s"),
    ("ledgers_add_up", lambda: WAITING.update(paused_for=-1), "paused for -1.0 s"),
    ("ledgers_add_up", lambda: WAITING.update(waited_for_others=1), "on others for 1.0 s"),
    ("ledgers_add_up", lambda: ENDED.update(paused_for=1), "not the time that it took"),
    ("places_are_kept", lambda: WAITING.update(place_since=F("arrival_time") + A_SECOND), "has its place since after"),
    ("groups_wait_where_they_pass", lambda: GROUPS.update(group_type="other"), "with a group of type 'other'"),
    (
        "visits_stay_in_their_cohort",
        lambda: VISITS.update(cohort="tuesday"),
        "is of cohort 'tuesday', and the participant or the group is not",
    ),
    ("only_those_wait_who_take_part", lambda: all_participants().update(status="left"), "and waits at 'choice'"),
    ("one_active_group_per_type", be_in_two_groups, "is in several active groups of type 'rps'"),
    (
        "memberships_repeat_the_type",
        lambda: MEMBERSHIPS.update(group_type="duo"),
        "says type 'duo', the group says 'rps'",
    ),
    ("ended_memberships_have_a_time", stand_without_end, "has no time of its end, or no end"),
    (
        "ended_memberships_have_a_time",
        lambda: MEMBERSHIPS.update(active=False, departure_time=F("arrival_time") - A_SECOND),
        "has no time of its end, or no end",
    ),
    ("groups_stay_in_their_cohort", lambda: GROUPS.update(cohort="tuesday"), "of cohort 'tuesday'."),
    ("only_those_are_members_who_take_part", lambda: all_participants().update(failed=True), "is an active member of"),
    ("sizes_are_in_order", lambda: shrink(min_group_size=3), "has the sizes 3, 2 and 2"),
    ("sizes_are_in_order", lambda: shrink(min_group_size=0), "has the sizes 0, 2 and 2"),
    ("sizes_are_in_order", lambda: shrink(max_group_size=1), "has the sizes 2, 2 and 1"),
    ("no_group_is_too_large", join_a_full_group, "has 3 members, and may have 2"),
    (
        "groups_are_counted_right",
        lambda: GROUPS.update(n_active_participants=7),
        "has 2 active members, and is stored as having 7",
    ),
    ("groups_are_led_by_a_member", lambda: GROUPS.update(leader=None), "is led by (none), who is no active member"),
    (
        "active_groups_have_members",
        lambda: all_participants().update(failed=True),
        "is active, and has no active member",
    ),
    ("closed_groups_are_over", close_without_end, "is closed without a time"),
    ("closed_groups_are_over", lambda: GROUPS.update(active=False, end_time=Now()), "or with members"),
    (
        "credit_is_what_was_earned",
        lambda: all_participants().update(time_credit=5),
        "has a credit of 5.0 s, and earned",
    ),
    ("presence_is_one_at_a_time", overlap, "and something else before that ends"),
    (
        "presence_ends_after_it_began",
        lambda: INTERVALS.update(ended_at=F("began_at") - A_SECOND),
        "which is before",
    ),
    ("presence_ends_with_the_participation", lambda: all_participants().update(failed=True), "without an end"),
    ("presence_is_told", lambda: all_participants().update(presence="quiet"), "is quiet, and no interval"),
    ("waits_end_in_time", lambda: be_late(LATE), "should have been let go from 'choice'"),
    ("calls_are_served", lambda: call("choice"), "A call for 'choice' (cohort 'monday') has been due since"),
    ("calls_are_for_declared_barriers", lambda: call("gone"), "for a barrier that is not declared"),
    (
        "silence_is_noticed",
        lambda: all_participants().update(gone_at=Now() - LATE),
        "and is still taken to be present",
    ),
]


def needs_postgresql(breach):
    """SQLite has no way to take a constraint away."""
    return [pytest.mark.postgresql] if breach[1] in DROPPING or breach[0] == "sizes_are_in_order" else []


DROPPING = {
    visit_twice,
    keep_two_records,
    forget_the_departure,
    end_in_no_known_way,
    stand_without_end,
    close_without_end,
}


@pytest.mark.parametrize(
    ("name", "breach", "part"),
    [pytest.param(*case, marks=needs_postgresql(case), id=f"{case[0]}-{n}") for n, case in enumerate(BREACHES)],
)
def test_a_broken_promise_is_told(kept, name, breach, part):
    """Catches: a promise that is never found to be broken, a sentence that names no row, a cohort that hides it."""
    breach()
    for cohort in (None, "tuesday" if "tuesday" in part else "monday"):
        sentences = [str(finding) for finding in verifying.findings(cohort) if finding.promise.name == name]
        assert sentences, cohort
        assert part in sentences[0]
        assert all(sentence.endswith(".") and "%(" not in sentence for sentence in sentences)
    assert not [finding for finding in verifying.findings("friday") if finding.promise.name == name]


def test_every_promise_has_been_broken():
    assert {name for name, *_ in BREACHES} == {promise.name for promise in verifying.PROMISES}


def test_every_promise_has_a_cure_and_a_name_of_its_own():
    assert all(str(promise.cure).endswith(".") for promise in verifying.PROMISES)
    assert len({promise.name for promise in verifying.PROMISES}) == len(verifying.PROMISES)
