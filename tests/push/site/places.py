"""Where people wait on this site. Importing it declares nothing."""

from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper

PLACES = [
    SimpleGrouper("trio", initial_group_size=3, min_group_size=2, max_wait_time=600),
    GroupBarrier("meet", "trio", max_wait_time=600),
]
