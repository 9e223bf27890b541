from syncgroups.registry import register

from .places import PLACES

for place in PLACES:
    register(place)
