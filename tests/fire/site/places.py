"""Where people wait on this site. Importing it declares nothing."""

import os
import time
from pathlib import Path
from typing import Any

from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper

FOLDER = "SYNCGROUPS_TESTS_FOLDER"


def score(group: Any) -> None:
    """Do to the process what is written on the group, and leave a trace of each call."""
    manner = group.details.get("manner")
    with Path(os.environ[FOLDER], f"called-{group.pk}").open("a") as trace:
        trace.write("x")
    if manner == "dies":
        os._exit(3)
    if manner == "hangs":
        time.sleep(600)


PLACES = [
    SimpleGrouper("crew", initial_group_size=2),
    GroupBarrier("crew_choice", "crew", max_wait_time=600, on_release="tests.fire.site.places.score"),
    GroupBarrier("crew_later", "crew", max_wait_time=600, on_release="tests.fire.site.places.score"),
]
