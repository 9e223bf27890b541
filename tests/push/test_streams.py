"""The stream, as a page has it: what it is told, until when, and what is said where there is none."""

from __future__ import annotations

import pytest

from syncgroups import testing

from .clients import ask
from .conftest import REDIS, WSGI, switch_on

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("declared")]


def trio():
    """Three people in a group."""
    people = testing.make_participants(3)
    testing.arrive_all(people, "trio_grouper")
    testing.process("trio_grouper")
    return people


def test_whoever_is_released_is_told(push, serve, listen):
    people = trio()
    testing.arrive_all(people[:2], "meet")
    port = serve()
    streams = [listen(port, person).opened() for person in people[:2]]
    testing.arrive_all(people[2:], "meet")
    testing.process("meet")
    assert [stream.next() for stream in streams] == ["changed", "changed"]
    assert ask(port, people[0])[1]["waiting"] is False
