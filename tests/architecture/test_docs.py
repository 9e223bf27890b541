"""Pages of the documentation lead somewhere: each picture and each page that is named is there."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def targets(page):
    """Files that a page leads to, without places within them."""
    found = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    return {(page.parent / link.split("#")[0]).resolve() for link in found if ":" not in link and link[0] != "#"}


def test_every_file_that_a_page_names_is_there():
    """Fails when a screenshot is deleted or renamed, or a page is."""
    assert [str(path) for page in PAGES for path in sorted(targets(page)) if not path.exists()] == []


def places(page):
    """What headings can be led to by, as GitHub and most others make it of their words."""
    lines = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", line).lower().replace(" ", "-") for line in lines}


def test_every_place_in_a_page_that_a_page_names_is_there():
    """Fails when a heading is worded anew, or goes to another page."""
    links = [(page, link) for page in PAGES for link in re.findall(r"\]\(([^)\s:]*#[^)\s]+)\)", page.read_text())]
    assert len(links) > 20
    named = [
        (page.name, link, page.parent / (link.split("#")[0] or page.name), link.split("#")[1]) for page, link in links
    ]
    assert [(name, link) for name, link, page, place in named if place not in places(page)] == []


def test_every_picture_is_on_a_page():
    """Fails when a picture is taken anew each time, and nobody ever sees it."""
    named = set().union(*map(targets, PAGES))
    assert [path.name for path in sorted((ROOT / "docs" / "images").iterdir()) if path not in named] == []


def test_what_is_vendored_comes_with_its_licence_and_the_version_that_is_told():
    """Fails when the plots' library is replaced, and its notices are forgotten."""
    folder = ROOT / "syncgroups" / "static" / "syncgroups" / "vendor" / "chart.js"
    [version] = re.findall(r"Chart\.js v([\d.]+)", (folder / "chart.umd.js").read_text()[:300])
    assert "The MIT License" in (folder / "LICENSE.md").read_text()
    assert f"Chart.js {version}," in (folder / "VERSION.md").read_text()
    assert f"(https://www.chartjs.org) {version} (MIT)" in (ROOT / "docs" / "monitor.md").read_text()
