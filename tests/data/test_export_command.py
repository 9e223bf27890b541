"""Where an export goes: into a folder that is there as a whole or not at all, by a command that says what it does."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from syncgroups import testing
from syncgroups.exceptions import ExtraMissing, OutputExists
from syncgroups.exporting import formats, writing
from syncgroups.models import get_participant_model
from tests.acceptance import researchers

from .scenes import exported, history, read

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _declared():
    with testing.declared(*researchers.declarations()):
        yield


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "out"


# The folder


def test_what_is_there_already_is_left_alone(folder):
    """Catches: tables of two exports side by side."""
    folder.mkdir()
    (folder / "visits.csv").write_text("mine")
    with pytest.raises(OutputExists, match="exists already"):
        exported(folder)
    assert [path.name for path in folder.iterdir()] == ["visits.csv"]
    assert (folder / "visits.csv").read_text() == "mine"


def test_an_export_that_breaks_off_leaves_nothing(folder, monkeypatch):
    """Catches: half an export that looks like a whole one."""

    def interrupt(table: str, rows: int) -> None:
        assert not folder.exists(), "nothing has its name before all is there"
        if table == "visits":
            raise KeyboardInterrupt

    history()
    with pytest.raises(KeyboardInterrupt):
        exported(folder, progress=interrupt)
    assert list(folder.parent.iterdir()) == []


def test_a_folder_that_comes_to_be_meanwhile_is_left_alone(folder):
    """Catches: replacing what another export has just written."""

    def meddle(table: str, rows: int) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "other").touch()

    history()
    with pytest.raises(OutputExists, match="meanwhile"):
        exported(folder, progress=meddle)
    assert [path.name for path in folder.parent.rglob("*")] == ["out", "other"]


def test_only_its_owner_may_read_an_export(folder):
    exported(folder)
    assert folder.stat().st_mode & 0o077 == 0


# The command


def run(*arguments: str) -> None:
    call_command("syncgroups_export", *arguments)


def test_the_command_writes_what_was_asked_for(folder, capsys):
    """Catches: an option that is read and not heeded."""
    scene = history()
    run("--output", str(folder), "--cohort", "c0", "--tables", "visits", "groups", "--real-ids")
    tables = read(folder)
    assert set(tables) == {"visits", "groups", "data_dictionary"}
    assert {row["cohort"] for row in tables["visits"]} == {"c0"}
    assert str(scene.visit.public_id) in {row["visit_id"] for row in tables["visits"]}
    told = capsys.readouterr()
    assert told.out == f"{folder}\n"
    assert "1 groups, 3 visits" in told.err


def test_the_command_counts_on_one_line_for_who_watches(folder, capsys, monkeypatch):
    history()
    monkeypatch.setattr(writing, "BATCH", 4)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    run("--output", str(folder), "--tables", "visits")
    told = capsys.readouterr().err
    assert "\rvisits: 4 rows \rvisits: 6 rows " in told
    assert told.count("\n") == 1


def test_the_command_selects_by_when_people_came(tmp_path):
    old, new = testing.make_participants(2)
    people = get_participant_model()._default_manager
    people.filter(pk=old.pk).update(creation_time=Now() - timedelta(days=9))
    day = (new.creation_time - timedelta(days=5)).date().isoformat()
    for option, who in (("--since", new), ("--until", old)):
        run("--output", str(tmp_path / option), option, day, "--real-ids")
        [row] = read(tmp_path / option)["participants"]
        assert row["participant_id"] == str(who.public_id)


def test_a_key_in_the_environment_is_one(tmp_path, monkeypatch):
    testing.make_participants(1)
    run("--output", str(tmp_path / "given"), "--pseudonym-key", "k")
    monkeypatch.setenv("SYNCGROUPS_PSEUDONYM_KEY", "k")
    run("--output", str(tmp_path / "kept"))
    assert read(tmp_path / "given") == read(tmp_path / "kept")


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [(["--since", "yesterday"], "--since"), (["--tables", "secrets"], "secrets"), (["--format", "xls"], "xls")],
)
def test_the_command_says_what_it_does_not_understand(folder, arguments, fault):
    with pytest.raises(CommandError, match=fault):
        run("--output", str(folder), *arguments)
    assert not folder.exists()


def test_parquet_without_its_library_is_a_sentence_and_no_folder(folder, monkeypatch):
    """Catches: a crash after half of the work."""

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(formats, "import_module", missing)
    with pytest.raises(CommandError, match=r"pip install 'syncgroups\[parquet\]'") as told:
        run("--output", str(folder), "--format", "parquet")
    assert isinstance(told.value.__cause__, ExtraMissing)
    assert not folder.exists()


def test_the_folder_is_named_after_the_time_if_no_name_is_given(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run()
    [folder] = tmp_path.iterdir()
    assert folder.name.startswith("syncgroups-export-20")
    assert Path(capsys.readouterr().out.strip()).name == folder.name
