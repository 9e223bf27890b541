"""The package as it is installed: built, and looked into."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
#: What is in the app's folder and of no use to who installs it.
NOT_SHIPPED = {"__pycache__", "django.po"}


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_whatever_the_app_needs_is_in_the_wheel(names):
    """Fails when somebody who installs the app has pages without style, in English only, or tables without columns."""
    files = {path for path in (ROOT / "syncgroups").rglob("*") if path.is_file()}
    needed = {str(path.relative_to(ROOT)) for path in files if not NOT_SHIPPED & set(path.parts)}
    assert needed <= names
    for language in ("ar", "de", "en", "es", "fr"):
        assert f"syncgroups/locale/{language}/LC_MESSAGES/django.mo" in names
    assert "syncgroups/py.typed" in names


def test_and_nothing_else_is(names):
    """Fails when the demo site or the tests are installed into other people's sites."""
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"syncgroups"}
