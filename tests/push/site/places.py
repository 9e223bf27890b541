"""Where people wait on this site. Importing it declares nothing."""

from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper

PLACES = [
    SimpleGrouper("hearers", initial_group_size=3, min_group_size=2, max_wait_time=600),
    GroupBarrier("all_ears", "hearers", max_wait_time=600),
]
