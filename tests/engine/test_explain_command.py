"""`manage.py explain`: prints the sentences; what it cannot find it says how to name."""

from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from syncgroups import testing
from syncgroups.barriers import GroupBarrier
from syncgroups.explaining import explain
from syncgroups.groupers import SimpleGrouper
from tests.engine.scenes import make_group, members

pytestmark = pytest.mark.django_db


@pytest.fixture
def held():
    """A group of which one member waits for the other."""
    group = make_group(cohort="monday")
    with testing.declared(SimpleGrouper("rps", initial_group_size=2), GroupBarrier("choice", "rps", max_wait_time=600)):
        testing.arrive_all(members(group)[:1], "choice")
        yield group


def write_row(row, **values):
    type(row).objects.filter(pk=row.pk).update(**values)
    row.refresh_from_db()


def printed(*args, **kwargs):
    out = StringIO()
    call_command("explain", *args, stdout=out, **kwargs)
    return out.getvalue()


def test_a_barrier_is_explained_in_its_cohort(held):
    assert printed("choice").startswith("Nobody waits here.\n")
    assert printed("choice", "--cohort", "monday") == f"{explain('choice', 'monday')}\n"


@pytest.mark.parametrize("name", [lambda row: str(row.public_id), lambda row: str(row.pk), str])
def test_a_participant_is_found_by_every_name_that_the_pages_show(held, name):
    [waiter, _] = members(held)
    assert f"{waiter} has waited at 'choice'" in printed("choice", "--participant", name(waiter))


@pytest.mark.parametrize("digits", [8, 9, 11, 20, 35])
@pytest.mark.parametrize("dash", ["-", ""])
def test_the_beginning_of_an_id_is_enough(held, digits, dash):
    """Catches: databases that write ids with dashes, and such that do not."""
    [waiter, _] = members(held)
    assert f"{waiter} has waited" in printed(
        "choice", "--participant", str(waiter.public_id)[:digits].replace("-", dash)
    )


@pytest.mark.parametrize("digits", [6, 8, 9, 20, 35])
@pytest.mark.parametrize("dash", ["-", ""])
def test_a_beginning_of_digits_only_is_no_key(held, digits, dash):
    """Catches: somebody of whom there is said to be nobody, because their id begins like a number."""
    [waiter, _] = members(held)
    write_row(waiter, public_id=UUID("45536711-0123-4567-8901-234567890123"))
    asked = str(waiter.public_id)[:digits].replace("-", dash)
    assert f"{waiter} has waited" in printed("choice", "--participant", asked)


def test_the_key_of_somebody_goes_before_the_beginning_of_another_id(held):
    [waiter, other] = members(held)
    write_row(waiter, public_id=UUID("f" * 32))
    write_row(other, public_id=UUID(f"{waiter.pk:0<32}"))
    assert f"{waiter} has waited" in printed("choice", "--participant", str(waiter.pk))
    assert "has waited" not in printed("choice", "--participant", f"P-{waiter.pk}")


def test_a_beginning_of_two_ids_is_refused(held):
    for waiter, last in zip(members(held), "12", strict=True):
        write_row(waiter, public_id=UUID(f"abcdef{last:0<26}"))
    with pytest.raises(CommandError, match="Several participants have an id that begins with 'abcdef'"):
        printed("choice", "--participant", "abcdef")


@pytest.mark.parametrize("name", [lambda row: str(row.public_id), lambda row: str(row.pk)])
def test_a_group_is_found_likewise(held, name):
    assert f"held by group rps {held.pk}" in printed("choice", "--group", name(held))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["choise"], r"No barrier 'choise' is declared\. Those declared: rps_grouper, choice\."),
        (["choice", "--participant", "P-zzz"], r"There is no participant 'P-zzz'\. Copy the public id"),
        (["choice", "--group", "999999"], r"There is no group '999999'\."),
        (["choice", "--group", ""], r"There is no group ''\."),
    ],
)
def test_what_is_not_found_is_told_with_what_to_do(held, arguments, complaint):
    with pytest.raises(CommandError, match=complaint):
        printed(*arguments)


def test_a_participant_and_a_group_at_once_are_refused(held):
    [waiter, _] = members(held)
    with pytest.raises(CommandError, match="not for both"):
        printed("choice", "--participant", str(waiter), "--group", str(held.pk))


def test_whoever_forgets_the_cohort_is_told_where_somebody_waits(held):
    """Catches: an answer that nobody waits, where somebody does under another name."""
    for told in (printed("choice"), printed("choice", cohort="munday")):
        assert "Somebody does in: 'monday'" in told
    assert "Somebody does in" not in printed("choice", cohort="monday")
    assert "Somebody does in" not in printed("rps_grouper")
