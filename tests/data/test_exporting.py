"""What an export says: everything once, of whom it was asked, in words that can be given away."""

import json
from datetime import timedelta

import pyarrow.parquet
import pytest
from django.db import models
from django.db.models import F
from django.test.utils import isolate_apps
from django.utils.dateparse import parse_datetime

from syncgroups import exporting, operating, testing
from syncgroups.exporting import Selection
from syncgroups.models import (
    AbstractParticipant,
    AuditEntry,
    ParticipantLinkBarrier,
    PresenceInterval,
    SyncGroup,
    get_participant_model,
)
from tests.acceptance import researchers
from tests.engine.scenes import number_of_queries

from .scenes import exported, history, public_ids, read

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


HALF_A_DAY = timedelta(hours=12)


def people_of(cohort):
    return get_participant_model()._default_manager.filter(cohort=cohort)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "out"


def test_every_row_is_exported_and_says_what_is_stored(folder):
    """Catches: a table that leaves rows out, or a column that comes from another field."""
    scene = history()
    tables = exported(folder)
    assert {name: len(rows) for name, rows in tables.items()} == {
        "participants": 4,
        "groups": 2,
        "memberships": 4,
        "visits": 6,
        "presence": PresenceInterval.objects.count(),
        "audit": AuditEntry.objects.count(),
        "data_dictionary": sum(len(table.columns) for table in exporting.TABLES.values()),
    }
    [row] = [row for row in tables["visits"] if row["visit_id"] == str(scene.visit.public_id)]
    visit = scene.visit
    assert row["participant_id"] == str(scene.waiter.public_id)
    assert row["group_id"] == str(visit.sync_group.public_id)
    assert (row["barrier"], row["cohort"], row["outcome"]) == ("choice_made", "c0", visit.state)
    assert parse_datetime(row["arrived_at"]) == visit.arrival_time
    assert parse_datetime(row["deadline"]) == visit.deadline
    [gone] = [row for row in tables["participants"] if row["failed"] == "true"]
    assert (gone["participant_id"], gone["ended_by"]) == (str(scene.absentee.public_id), "ada")


def test_what_a_wait_was_spent_on_is_its_length(folder):
    """Catches: seconds of one table in another unit, or of another time."""
    history()
    ended = [row for row in exported(folder)["visits"] if row["departed_at"]]
    assert ended
    for row in ended:
        spent = sum(float(row[part]) for part in ("waited_for_match", "waited_for_others", "paused_for"))
        took = parse_datetime(row["departed_at"]) - parse_datetime(row["arrived_at"])
        assert float(row["waited"]) == pytest.approx(took.total_seconds()) == pytest.approx(spent)


@pytest.mark.parametrize(
    "select",
    [
        lambda scene: Selection(cohorts=["c0"]),
        lambda scene: Selection(participants=[scene.waiter.public_id]),
        lambda scene: Selection(groups=[scene.group.public_id]),
        lambda scene: Selection(until=scene.waiter.creation_time - HALF_A_DAY),
        lambda scene: Selection(since=scene.waiter.creation_time - HALF_A_DAY, cohorts=["c0"]),
    ],
    ids=["cohort", "participants", "groups", "until", "since"],
)
def test_a_selection_is_of_people_and_complete(folder, select):
    """Catches: a row about somebody, or a group, that the other tables do not have; a row of somebody else."""
    scene = history()
    selection = select(scene)
    if selection.until:
        people_of("c0").update(creation_time=F("creation_time") - 2 * HALF_A_DAY)
    tables = exported(folder, selection=selection)
    people = {row["participant_id"] for row in tables["participants"]}
    assert str(scene.waiter.public_id) in people
    assert people <= {str(person.public_id) for person in scene.pairs[0]}
    groups = {row["group_id"] for row in tables["groups"]}
    assert groups == {str(scene.group.public_id)}
    for name in ("memberships", "visits", "presence"):
        assert tables[name], name
        assert {row["participant_id"] for row in tables[name]} <= people
        assert {row.get("group_id", "") for row in tables[name]} <= {*groups, ""}


def test_nobody_can_be_told_by_a_pseudonym(folder):
    """Catches: a public id, or the beginning of one that names somebody, in an export that nobody asked it of."""
    steered()
    tables = exported(folder, naming=exporting.pseudonyms())
    written = "".join(path.read_text() for path in folder.iterdir())
    assert not [public_id for public_id in public_ids() if public_id[:8] in written]
    assert not [visit for visit in ParticipantLinkBarrier.objects.all() if str(visit.public_id) in written]
    people = [row["participant_id"] for row in tables["participants"]]
    assert len(set(people)) == 7
    assert {row["participant_id"] for row in tables["visits"]} == set(people), "the same in each table"
    assert {row["leader_id"] for row in tables["groups"]} <= {*people, ""}


def test_pseudonyms_are_those_of_the_key(tmp_path):
    """Catches: pseudonyms that change with each export, or that anybody can compute."""
    history()
    keys = {"one": "k", "same": "k", "other": "l", "none": "", "none again": ""}
    said = {
        name: [row["participant_id"] for row in exported(tmp_path / name, naming=exporting.pseudonyms(key))["visits"]]
        for name, key in keys.items()
    }
    assert said["one"] == said["same"]
    assert not set(said["one"]) & set(said["other"])
    assert not set(said["none"]) & set(said["none again"])


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_text_is_a_formula_for_a_spreadsheet(folder, beginning):
    """Catches: a cohort, which participants may choose by an address, that is executed where the table is opened."""
    testing.make_participants(1, cohort=f"{beginning}HYPERLINK(A1)")
    [row] = exported(folder)["participants"]
    assert row["cohort"] == f"'{beginning}HYPERLINK(A1)"


def test_numbers_may_be_negative(folder):
    """Catches: an apostrophe before a number."""
    get_participant_model()._default_manager.create(time_credit=-2.5)
    [row] = exported(folder)["participants"]
    assert row["time_credit"] == "-2.5"


def test_each_format_says_the_same(tmp_path):
    """Catches: a format that rounds, shifts times, or takes nothing for something."""
    history()
    for name in exporting.FORMATS:
        naming = exporting.pseudonyms("k")
        exporting.export(
            tmp_path / name, Selection(), tables=exporting.chosen(details=True), naming=naming, format=name
        )
    for table in exporting.chosen(details=True):
        cells = read(tmp_path / "csv")[table.name]
        lines = (tmp_path / "jsonl" / f"{table.name}.jsonl").read_text().splitlines()
        objects = [json.loads(line) for line in lines]
        rows = pyarrow.parquet.read_table(tmp_path / "parquet" / f"{table.name}.parquet").to_pylist()
        assert len(cells) == len(objects) == len(rows)
        for cell, said, row in zip(cells, objects, rows, strict=True):
            assert [*cell] == [*said] == [*row] == [column.name for column in table.columns]
            for column in table.columns:
                assert same(column.type, cell[column.name], said[column.name], row[column.name]), column


def same(kind, cell, said, value):
    """Whether a cell, a value of JSON and one of Parquet are one."""
    if value is None or said is None:
        return value is said and cell == ""
    if kind == "time":
        return parse_datetime(cell) == parse_datetime(said) == value
    if kind == "json":
        return json.loads(cell) == said == json.loads(value)
    if kind in {"integer", "number"}:
        return float(cell) == said == value
    if kind == "boolean":
        return cell == str(said).lower() and said is value
    return cell in {said, f"'{said}"} and said == value


def test_what_researchers_did_comes_with_whom_it_concerns(tmp_path):
    """Catches: deeds that are missing, or that concern somebody else."""
    scene = history()
    for pair in scene.pairs:
        operating.pause_group(pair[0].sync_group, reason="a fire alarm", by="ada")
    operating.leave(scene.waiter, reason="by mail", by="ada")
    everything = exported(tmp_path / "all", tables=exporting.chosen(details=True))["audit"]
    assert [(row["verb"], row["by"]) for row in everything] == [(v, "ada") for v in ("pause", "pause", "leave")]
    theirs = exported(tmp_path / "some", selection=Selection(groups=[scene.group.public_id]))["audit"]
    assert [row["reason"] for row in theirs] == ["a fire alarm", "by mail"]
    assert (theirs[0]["group_id"], theirs[1]["participant_id"]) == (
        str(scene.group.public_id),
        str(scene.waiter.public_id),
    )


def steered():
    """Everything that names somebody in what it leaves in the audit. Returns who was moved, and to which group."""
    scene = history()
    testing.arrive_all(pool := testing.make_participants(3, cohort="c1"), "rps_grouper")
    to = operating.form_group("rps_grouper", "c1", pool[:2], reason="late", by="ada").sync_group
    moved, group = scene.pairs[1][1], scene.pairs[1][1].sync_group
    SyncGroup.objects.update(max_group_size=None, min_group_size=1)
    operating.message(group, text=f"{moved} and {moved.public_id} go.", reason=f"{moved} is rude", by="ada")
    operating.move_member(moved, group, to, reason=f"{scene.pairs[1][0]} is rude", by="ada")
    operating.replace_member(to, pool[0], pool[2], then="left", reason=f"{moved} knows {pool[0]}", by="ada")
    return moved, to


def test_what_was_so_before_and_after_names_everybody_as_all_tables_do(folder):
    """Catches: a short name or a key beside a pseudonym, which tells for good whose it is."""
    _moved, to = steered()
    tables = exported(folder, naming=exporting.pseudonyms("k"))
    written = (folder / "audit.csv").read_text()
    assert not [public_id for public_id in public_ids() if public_id[:8] in written]
    assert str(to.public_id) not in written
    assert f"rps {to.pk}" not in written
    people = {row["participant_id"] for row in tables["participants"]}
    groups = {row["group_id"] for row in tables["groups"]}
    said = {"participants": set(), "members": set(), "to": set(), "groups": set()}
    for row in tables["audit"]:
        for facts in map(json.loads, (row["with"], row["before"], row["after"])):
            for name in said.keys() & facts.keys():
                value = facts[name]
                said[name] |= set(filter(None, value if isinstance(value, list) else value.split(", ")))
    assert said["participants"] | said["members"] <= people
    assert said["participants"]
    assert said["to"] | said["groups"] <= groups
    assert said["to"] == {exporting.pseudonyms("k")("group", to.public_id)}


SPELLINGS = [
    str,
    lambda public_id: f"P-{public_id}",
    lambda public_id: str(public_id).upper(),
    lambda public_id: public_id.hex,
    lambda public_id: f"P-{str(public_id)[:8].upper()}",
]


@pytest.mark.parametrize("spelled", SPELLINGS, ids=["id", "P-id", "ID", "hex", "SHORT"])
def test_however_somebody_is_written_in_a_reason_it_tells_nobody(folder, spelled):
    """Catches: most of a public id beside the pseudonym of which it is."""
    scene = history()
    operating.leave(scene.waiter, reason=f"see {spelled(scene.waiter.public_id)}!", by="ada")
    names = exporting.pseudonyms("k")
    [row] = [row for row in exported(folder, naming=names)["audit"] if row["reason"].startswith("see")]
    assert row["reason"] == f"see {names('participant', scene.waiter.public_id)}!"


def test_a_group_in_a_reason_is_called_as_all_tables_do(folder):
    scene = history()
    operating.leave(scene.waiter, reason=f"{scene.group.public_id}", by="ada")
    tables = exported(folder, naming=exporting.pseudonyms("k"))
    assert tables["audit"][-1]["reason"] in {row["group_id"] for row in tables["groups"]}


REASONS = [
    ("participants", "failed_reason"),
    ("groups", "end_reason"),
    ("groups", "failed_reason"),
    ("memberships", "reason"),
    ("visits", "reason"),
    ("audit", "reason"),
]


def test_every_reason_names_people_as_all_tables_do(folder):
    """Catches: "P-7f3a1b2c is rude" beside the pseudonym of somebody whom that may be said to."""
    moved, _to = steered()
    for table, column in REASONS:
        exporting.TABLES[table].model._base_manager.update(**{column: f"{moved} ({moved.public_id}) is rude"})
    tables = exported(folder, naming=exporting.pseudonyms("k"))
    name = exporting.pseudonyms("k")("participant", moved.public_id)
    assert {(table, column, row[column]) for table, column in REASONS for row in tables[table]} == {
        (table, column, f"{name} ({name}) is rude") for table, column in REASONS
    }


def test_where_real_ids_are_asked_for_the_audit_has_them(folder):
    moved, to = steered()
    [row, *_] = [row for row in exported(folder)["audit"] if row["verb"] == "move_member"]
    assert json.loads(row["with"])["participants"] == [str(moved.public_id)]
    assert json.loads(row["with"])["to"] == str(to.public_id)
    assert str(moved.public_id) in json.loads(row["before"])["members"] + json.loads(row["after"])["members"]


def test_the_dictionary_is_that_of_the_columns_that_are_written(folder):
    """Catches: a column that is nowhere explained, or an explanation of one that is not there."""
    history()
    tables = exported(folder, tables=exporting.chosen(["visits", "presence"], details=True))
    said = [(row["table"], row["column"]) for row in tables.pop("data_dictionary")]
    assert said == [(name, column) for name in ("visits", "presence") for column in tables[name][0]]
    markdown = (folder / "data_dictionary.md").read_text()
    assert all(f"| `{column}` |" in markdown for _, column in said)


def test_what_the_site_keeps_is_exported_only_if_asked_for(tmp_path):
    """Catches: an address or a name in the details that goes out unasked."""
    get_participant_model()._default_manager.create(details={"mail": "eve@example.org"})
    [plain] = exported(tmp_path / "plain")["participants"]
    [full] = exported(tmp_path / "full", tables=exporting.chosen(details=True))["participants"]
    assert "details" not in plain
    assert json.loads(full["details"]) == {"mail": "eve@example.org"}


def test_exports_cost_as_many_queries_for_2_pairs_as_for_10(tmp_path):
    history()
    few = number_of_queries(exported, tmp_path / "few")
    researchers.pairs_waiting(8, start=2)
    assert number_of_queries(exported, tmp_path / "many") == few == len(exporting.TABLES)


@isolate_apps("syncgroups")
def test_columns_of_the_sites_own_take_the_place_of_none_of_ours(monkeypatch):
    """Catches: ids of a recruiting service, called as ours are, instead of pseudonyms."""

    class Subject(AbstractParticipant):
        participant_id = models.CharField(max_length=24)
        age = models.IntegerField()

        class Meta:
            app_label = "syncgroups"

    monkeypatch.setattr("syncgroups.exporting.tables.get_participant_model", lambda: Subject)
    names = [column.name for column in exporting.TABLES["participants"].wide().columns]
    assert names[0] == "participant_id"
    assert names[-3:] == ["own_participant_id", "age", "details"]
    assert len(names) == len(set(names))


@isolate_apps("syncgroups")
def test_amounts_of_the_sites_own_are_numbers(monkeypatch):
    """Catches: an apostrophe before each amount that somebody owes."""

    class Subject(AbstractParticipant):
        balance = models.DecimalField(max_digits=8, decimal_places=2)

        class Meta:
            app_label = "syncgroups"

    monkeypatch.setattr("syncgroups.exporting.tables.get_participant_model", lambda: Subject)
    [balance] = [c for c in exporting.TABLES["participants"].wide().columns if c.name == "balance"]
    assert balance.type == "number"
    assert isinstance(balance.source.output_field, models.FloatField)
