"""Law 6 and promise 1: every wait ends on the server's clock, after everybody who may go has gone."""

import pytest

from syncgroups import testing
from syncgroups.barriers import Barrier, GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import WakeUp
from syncgroups.states import LinkState, ParticipantStatus
from tests.engine.scenes import fresh, groups_of, make_group, members, states

pytestmark = pytest.mark.django_db


class Held(Barrier):
    """Lets nobody through."""

    def choose_who_to_release(self, waiting_participants):
        return []


def test_release_beats_time_out_at_a_group_barrier():
    """Catches: ending waits before asking the rule."""
    group = make_group()
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=10)):
        links = testing.arrive_all(members(group), "choice")
        testing.let_time_pass(11)
        testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


def test_a_wait_ends_at_its_deadline_and_not_before():
    """Catches: a deadline that is off; ends that only a browser brings about."""
    with testing.declared(Held("held", max_wait_time=100)):
        [link] = testing.arrive_all(testing.make_participants(1), "held")
        testing.let_time_pass(80)
        testing.sweep()
        assert states([link]) == [LinkState.WAITING]
        testing.let_time_pass(20)
        testing.sweep()
    assert states([link]) == [LinkState.TIMED_OUT]


def test_only_the_one_whose_time_is_up_is_ended_and_mates_go_on():
    """Catches: failing the whole pool, or group, for one."""
    group = make_group(3, min_group_size=1)
    early, *others = members(group)
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=10)):
        [first] = testing.arrive_all([early], "choice")
        testing.let_time_pass(11)
        rest = testing.arrive_all(others[:1], "choice")
        testing.sweep()
        assert states([first, *rest]) == [LinkState.TIMED_OUT, LinkState.WAITING]
        rest += testing.arrive_all(others[1:], "choice")
        testing.sweep()
    assert states(rest) == [LinkState.RELEASED] * 2
    assert fresh(group).n_active_participants == 2


@pytest.mark.parametrize(
    ("policy", "state", "status", "failed"),
    [
        ("fail", LinkState.TIMED_OUT, ParticipantStatus.WORKING, True),
        ("leave", LinkState.TIMED_OUT, ParticipantStatus.LEFT, False),
        ("release", LinkState.RELEASED, ParticipantStatus.WORKING, False),
    ],
)
def test_a_barrier_says_what_happens_to_those_whose_time_is_up(policy, state, status, failed):
    """Catches: the one policy of failing; a policy that forgets the credit."""
    with testing.declared(Held("held", max_wait_time=10, on_timeout=policy)):
        [link] = testing.arrive_all(testing.make_participants(1), "held")
        testing.let_time_pass(12)
        testing.sweep()
    person, link = link.participant, fresh(link)
    person.refresh_from_db()
    assert (link.state, person.status, person.failed) == (state, status, failed)
    assert "held" in link.reason
    assert 9.9 < link.time_credit <= 10.1, "the wait is credited up to the deadline"


def test_people_whose_own_grouper_has_nobody_else_are_ended_by_the_sweep():
    """Catches: a pass that stops when too few wait, deadlines or not."""
    with testing.declared(SimpleGrouper("rps", initial_group_size=5, max_wait_time=10)):
        [link] = testing.arrive_all(testing.make_participants(1), "rps_grouper")
        testing.sweep()
        testing.let_time_pass(11)
        testing.sweep()
    assert states([link]) == [LinkState.TIMED_OUT]


class Relaxing(Barrier):
    """Lets through whoever has waited for five hundred seconds."""

    def __init__(self, id_, **kwargs):
        super().__init__(id_, max_wait_time=10000, **kwargs)
        self.asked = 0

    def choose_who_to_release(self, waiting_participants):
        self.asked += 1
        return [person for person in waiting_participants if person.active_barriers[self.id].time_waited >= 500]


def test_a_rule_that_depends_on_time_is_asked_again_at_its_interval_and_only_then():
    """Law 12. Catches: ignoring the interval; asking at every sweep; asking an empty barrier for ever."""
    with testing.declared(relaxing := Relaxing("lobby", recheck_interval=200)):
        [link] = testing.arrive_all(testing.make_participants(1), "lobby")
        for seconds, asked in ((0, 1), (100, 1), (100, 2), (100, 2), (100, 3), (200, 4)):
            testing.let_time_pass(seconds)
            testing.sweep()
            assert relaxing.asked == asked
        assert states([link]) == [LinkState.RELEASED]
        testing.let_time_pass(1000)
        testing.sweep()
        assert relaxing.asked == 4
    assert not WakeUp.objects.exists()


def test_a_group_barrier_that_depends_on_time_is_asked_again_too():
    """Law 12. Catches: an interval that only pools keep."""

    class Lenient(GroupBarrier):
        def choose_who_to_release(self, waiting_participants):
            waited = waiting_participants[0].active_barriers[self.id].time_waited
            return waiting_participants if waited >= 5 else []

    with testing.declared(Lenient("choice", "rps", max_wait_time=1000, recheck_interval=2)):
        links = testing.arrive_all(members(make_group())[:1], "choice")
        testing.sweep()
        for _ in range(3):
            testing.let_time_pass(2)
            testing.sweep()
    assert states(links) == [LinkState.RELEASED]


def test_a_simple_grouper_with_a_rule_of_its_own_that_depends_on_time_is_asked_again():
    """Catches: taking it for granted that fewer than a batch cannot be grouped."""

    class Impatient(SimpleGrouper):
        def ready_to_group(self, participants):
            waited = participants[0].active_barriers[self.id].time_waited
            return super().ready_to_group(participants) or (waited >= 5 and len(participants) >= 2)

    with testing.declared(Impatient("rps", initial_group_size=2, batch_size=6, recheck_interval=2)):
        links = testing.arrive_all(testing.make_participants(2), "rps_grouper")
        testing.sweep()
        for _ in range(3):
            testing.let_time_pass(2)
            testing.sweep()
    assert states(links) == [LinkState.RELEASED] * 2


def test_somebody_grouped_elsewhere_does_not_fail_where_they_still_wait_for_the_same_type():
    """Law 6. Catches: failing at the deadline somebody who has what they waited for."""
    one = SimpleGrouper("rps", initial_group_size=2)
    other = SimpleGrouper("rps", id_="other", initial_group_size=2, max_wait_time=10)
    with testing.declared(one, other):
        pair = testing.make_participants(2)
        [left] = testing.arrive_all(pair[:1], "other")
        testing.arrive_all(pair, "rps_grouper")
        testing.sweep()
        testing.let_time_pass(11)
        testing.sweep()
    assert len(groups_of(pair[0])) == 1
    assert states([left]) == [LinkState.RELEASED]
    assert not fresh(pair[0]).failed
