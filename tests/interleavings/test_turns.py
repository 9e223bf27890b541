"""What there is to do while waiting, sent twice at once, or while its sender is sent on."""

import pytest

from syncgroups import arrivals, processing, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import get_participant_model
from syncgroups.states import LinkState
from tests.engine.scenes import fresh, make_group, members, states

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


class Deed:
    """Stores something, and stops at the gate before it says that it is done."""

    def __init__(self, gate):
        self.gate = gate

    def __call__(self):
        get_participant_model()._default_manager.create(cohort="a deed")
        self.gate.pass_by()
        return True

    @property
    def times(self):
        return get_participant_model()._default_manager.filter(cohort="a deed").count()


def take(link, deed):
    return arrivals.take_turn(link, 0, deed, done=bool)


@pytest.fixture
def waiting():
    """The visit of somebody who waits for a partner, until time is up."""
    grouper = SimpleGrouper("rps", initial_group_size=2, max_wait_time=600)
    with testing.declared(grouper, GroupBarrier("choice", "rps", max_wait_time=60, on_member_timeout="regroup")):
        [link] = testing.arrive_all(members(make_group())[:1], "choice")
        testing.let_time_pass(61)
        yield link


def test_what_is_sent_twice_at_once_is_stored_once(elsewhere, gate, waiting):
    """Catches: turning the page without saying which; keeping what was done in a turn that had been taken."""
    deed = Deed(gate)
    first = elsewhere(take, waiting, deed)
    gate.until_reached()
    elsewhere(take, fresh(waiting), deed).result()
    gate.open()
    first.result()
    assert (deed.times, fresh(waiting).turns) == (1, 1)


def test_what_is_done_while_its_sender_is_sent_back_is_kept_and_holds_up_nobody(elsewhere, gate, waiting):
    """Law 4. Catches: a turn that locks the visit while the site's code is at work; one that is lost by a release."""
    deed = Deed(gate)
    sending = elsewhere(take, waiting, deed)
    gate.until_reached()
    elsewhere(processing.process_barrier, "choice").result()
    gate.open()
    sending.result()
    assert (deed.times, fresh(waiting).turns) == (1, 1)
    assert states([waiting]) == [LinkState.REGROUPED]
