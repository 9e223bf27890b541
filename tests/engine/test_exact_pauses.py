"""A pause of a barrier, a group or a cohort stops clocks at its beginning and starts them at its end, to the moment."""

import pytest
from django.db.models.functions import Now

from syncgroups import operating, testing
from syncgroups.barriers import GroupBarrier
from syncgroups.models import BarrierRecord
from syncgroups.operating import Cohort
from tests.engine.scenes import fresh, make_group, members

pytestmark = pytest.mark.django_db

ORDER = {"reason": "fire alarm", "by": "ada"}
#: Seconds: SQLite's clock tells thousandths, and floating-point numbers are added up.
AS_GOOD_AS_NOTHING = 0.005


def clock():
    """What the database's clock shows."""
    return BarrierRecord.objects.annotate(now=Now()).values_list("now", flat=True)[0]


@pytest.mark.parametrize("what", ["barrier", "group", "cohort"])
def test_whoever_waited_gets_back_what_they_waited_of_the_pause_and_no_more(what):
    """Catches: a few seconds that are lost, or given away, at either end; time that is noted and not given back."""
    group = make_group(3)
    with testing.declared(GroupBarrier("choice", "rps", max_wait_time=100)):
        [early] = testing.arrive_all(members(group)[:1], "choice")
        testing.process("choice")
        record = BarrierRecord.objects.get(barrier_id="choice")
        row, hold, let_go = {
            "barrier": (record, operating.pause, operating.resume),
            "group": (group, operating.pause_group, operating.resume_group),
            "cohort": (Cohort(""), operating.pause_cohort, operating.resume_cohort),
        }[what]
        hold(row, **ORDER)
        testing.let_time_pass(40)
        [late] = testing.arrive_all(members(group)[1:2], "choice")
        testing.let_time_pass(40)
        began = fresh(group if what == "group" else record).paused_at
        not_before = clock()
        let_go(row, **ORDER)
        not_after = clock()
    for link, since in ((fresh(early), began), (fresh(late), fresh(late).arrival_time)):
        given = (link.deadline - link.arrival_time).total_seconds() - 100
        assert given == pytest.approx(link.paused_for, abs=AS_GOOD_AS_NOTHING)
        least, most = ((end - since).total_seconds() for end in (not_before, not_after))
        assert least - AS_GOOD_AS_NOTHING <= given <= most + AS_GOOD_AS_NOTHING
