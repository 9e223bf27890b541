"""Where people wait on this site. Importing it declares nothing."""

import os
import time
from pathlib import Path

from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper

FOLDER = "SYNCGROUPS_TESTS_FOLDER"


def linger() -> None:
    """Tell that a release has begun; the first one never comes to its end."""
    begun = Path(os.environ[FOLDER], "begun")
    first = not begun.exists()
    begun.touch()
    if first:
        time.sleep(600)


PLACES = [
    SimpleGrouper("duo", initial_group_size=2),
    GroupBarrier("quick", "duo", max_wait_time=600),
    GroupBarrier("slow", "duo", max_wait_time=600, on_release="tests.engine.worker_site.places.linger"),
]
