"""The barriers that are measured. Nobody waits long enough to be timed out."""

from syncgroups.barriers import GroupBarrier, GroupCloser
from syncgroups.groupers import SimpleGrouper
from syncgroups.registry import register

HOUR = 3600

register(SimpleGrouper("pairs", initial_group_size=2, max_wait_time=HOUR))
# Never full: whoever comes here waits.
register(SimpleGrouper("hall", initial_group_size=2, batch_size=10**9, max_wait_time=HOUR))
register(GroupBarrier("meet", "pairs", max_wait_time=HOUR))
register(GroupBarrier("noted", "pairs", on_release="bench.scoring.note", max_wait_time=HOUR))
register(GroupBarrier("scored", "pairs", on_release="bench.scoring.score", max_wait_time=HOUR))
register(GroupCloser("pairs", max_wait_time=HOUR))
