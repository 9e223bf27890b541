"""Goes through the regrouping demo by its pages."""

from syncgroups import testing
from syncgroups.models import SyncGroup

from .demo_windows import Window, open_all


class Chair(Window):
    demo = "regrouping"

    def estimate(self, number=200):
        """Send the form of the page that is open."""
        return self.send(self.page.strip("/"), number=str(number))


def in_trio(cohort=""):
    """Three windows that see the first question, in a group of their own."""
    windows = [Chair.agreeing(cohort=cohort) for _ in range(3)]
    open_all(windows)
    testing.process("trio_grouper", cohort)
    open_all(windows)
    assert {window.page for window in windows} == {"trio/"}
    return windows


def answered_in_trio(*numbers, cohort=""):
    """Three windows whose group is closed, and which do not know yet."""
    windows = in_trio(cohort)
    for window, number in zip(windows, numbers or (200, 200, 200), strict=True):
        window.estimate(number)
    testing.process("closer_trio", cohort)
    return windows


def in_queue(letters):
    """Windows that wait for a partner in this order. Those with the same letter were in a group together."""
    trios = {letter: answered_in_trio() for letter in sorted(set(letters))}
    windows = [trios[letter].pop() for letter in letters]
    open_all(windows)
    assert {window.page for window in windows} == {"pair/wait/"}
    return windows


def pairs_among(letters, windows):
    """Who is paired with whom, as letters in the order of the queue; the others are left out."""
    named = {window.participant.pk: letter for letter, window in zip(letters, windows, strict=True)}
    groups = SyncGroup.objects.filter(group_type="pair").order_by("pk")
    return ["".join(sorted(named[member.pk] for member in group.participants.all())) for group in groups]


def in_pair():
    """Two windows that see the second question."""
    windows = in_queue("AB")
    testing.process("pair_grouper")
    open_all(windows)
    assert {window.page for window in windows} == {"pair/"}
    return windows


def wait_for_so_long(seconds, windows):
    """Time passes, for people who are there."""
    testing.let_time_pass(seconds)
    for window in windows:
        window.poll()
    testing.sweep()
    open_all(windows)
