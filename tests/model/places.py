"""The places of the site, in the words of the model. Nothing here knows Django or the engine; `site` says the same."""

from __future__ import annotations

from dataclasses import dataclass

#: Seconds. Time passes in whole minutes here, so that the milliseconds that a test takes never matter.
MINUTE = 60

COHORTS = ("morning", "evening")

#: More are too many for the grouper of few.
FEW = 3

#: Minutes after which the patient are let go.
LONG_ENOUGH = 2

#: Minutes of silence after which somebody is quiet, and gone; so many more while their page is hidden.
QUIET, GONE, GRACE = 1, 2, 1


@dataclass(frozen=True)
class Place:
    """A barrier. `rule` is "form", "together" (groups), "three" or "patient"."""

    rule: str
    #: Minutes that one may wait, and what happens then: to whoever has asked for more time, the other.
    patience: int
    policy: str = "fail"
    group_type: str | None = None
    policy_for_extended: str | None = None
    #: How often one may ask for more time, and for how many minutes.
    extensions: int = 0
    more: int = 0
    #: How many have to wait before groups are formed, and how many may.
    batch: int = 0
    most: int | None = None
    closes: bool = False
    #: Whether code of the site is called as a group goes.
    calls: bool = False
    fixed_credit: int | None = None
    #: What the present get when somebody is absent, and what those get whose group is too small.
    absence: str | None = None
    shortage: str | None = None
    #: The grouper to which they go back.
    back_at: str = ""
    #: Minutes of silence, where they are the place's own.
    quiet: int | None = None
    gone: int | None = None

    @property
    def per_group(self) -> bool:
        return self.rule == "together"

    @property
    def forms(self) -> bool:
        return self.rule == "form"


@dataclass(frozen=True)
class Kind:
    """Sizes of groups of a type."""

    size: int
    minimum: int
    maximum: int
    takes_newcomers: bool = False


KINDS = {
    "pair": Kind(2, 2, 2),
    "team": Kind(3, 2, 4, takes_newcomers=True),
    "solo": Kind(2, 1, 3, takes_newcomers=True),
}

PLACES = {
    "pair_grouper": Place("form", 3, "fail", "pair", batch=2, extensions=1, more=2, policy_for_extended="leave"),
    "few_pair_grouper": Place("form", 4, "leave", "pair", batch=2, most=FEW),
    "team_grouper": Place("form", 4, "leave", "team", batch=3),
    "solo_grouper": Place("form", 2, "release", "solo", batch=2, extensions=1, more=1, policy_for_extended="leave"),
    "pair_choice": Place("together", 2, "fail", "pair", calls=True),
    "pair_talk": Place("together", 2, "fail", "pair", absence="go_on", shortage="regroup", back_at="few_pair_grouper"),
    "pair_meeting": Place("together", 2, "fail", "pair", absence="regroup", back_at="few_pair_grouper"),
    "team_choice": Place("together", 2, "leave", "team"),
    "team_talk": Place(
        "together", 3, "fail", "team", calls=True, absence="regroup", back_at="team_grouper", extensions=1, more=1
    ),
    "team_result": Place("together", 3, "release", "team", absence="go_on", shortage="leave"),
    "solo_choice": Place("together", 3, "fail", "solo", calls=True, absence="go_on"),
    "closer_pair": Place("together", 3, "fail", "pair", closes=True, absence="leave"),
    "closer_team": Place("together", 2, "release", "team", closes=True, calls=True),
    "closer_solo": Place("together", 2, "leave", "solo", closes=True, absence="fail"),
    "three": Place("three", 3, "fail", fixed_credit=300, extensions=2, more=1, quiet=2, gone=3),
    "patient": Place("patient", 5, "release"),
}
