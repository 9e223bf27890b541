"""Why is nobody moving? What keeps a barrier, a group or a person, in sentences for researchers. Reads only.

Facts are told from a `Look`, which is one look at the database in a number of queries that does not depend on how
many wait. What a rule lacks is asked of the barrier: see `Barrier.missing`.
"""

from .answers import explain
from .barriers import facts_of_barrier
from .facts import Explanation, Fact, Level
from .groups import facts_of_group
from .looks import Look, Numbers, look_at
from .people import facts_of_person

__all__ = [
    "Explanation",
    "Fact",
    "Level",
    "Look",
    "Numbers",
    "explain",
    "facts_of_barrier",
    "facts_of_group",
    "facts_of_person",
    "look_at",
]
