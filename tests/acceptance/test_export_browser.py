"""A researcher exports from the admin, in a real browser: chooses rows, says what is wanted, and has a file."""

import csv
import io
from zipfile import ZipFile

import pytest
from playwright.sync_api import expect

from syncgroups import testing
from syncgroups.models import get_participant_model
from tests.acceptance import researchers
from tests.acceptance.researchers import list_url, pairs_waiting, staff
from tests.acceptance.test_accessibility import axe, described

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LAPTOP = {"width": 1280, "height": 800}
MODELS = ["participant", "syncgroup", "participantlinksyncgroup", "participantlinkbarrier", "presenceinterval"]
MODELS += ["auditentry"]


@pytest.fixture
def page(window):
    """Signed in as somebody who may see everything."""
    staff("vera", *(f"view_{model}" for model in MODELS), password="secret")
    page = window(viewport=LAPTOP, bypass_csp=True)
    page.goto("/admin/login/?next=" + list_url(get_participant_model()))
    page.get_by_label("Username").fill("vera")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Log in").click()
    return page


def test_the_rows_that_were_chosen_come_as_a_zip(page):
    """Catches: a form that a browser cannot send, a download that is none."""
    with testing.declared(*researchers.declarations()):
        scene = pairs_waiting(2)
        page.reload()
        for person in scene.pairs[0]:
            page.get_by_role("row").filter(has_text=str(person)).get_by_role("checkbox").check()
        page.get_by_label("Action:").select_option("export")
        page.get_by_role("button", name="Go").click()
        expect(page.get_by_text("2 rows are chosen")).to_be_visible()
        page.get_by_label("presence").uncheck()
        page.get_by_label("Real public ids").check()
        with page.expect_download() as download:
            page.get_by_role("button", name="Export").click()
        with ZipFile(download.value.path()) as archive:
            assert "presence.csv" not in archive.namelist()
            rows = list(csv.DictReader(io.StringIO(archive.read("participants.csv").decode())))
        assert {row["participant_id"] for row in rows} == {str(person.public_id) for person in scene.pairs[0]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_no_faults(page, scheme):
    """By axe, with and without something to complain about."""
    page.emulate_media(color_scheme=scheme)
    page.get_by_role("link", name="Export").click()
    expect(page.get_by_text("Everybody is exported")).to_be_visible()
    faults = list(described(axe.run(page, context="#content")))
    page.get_by_label("Came since").fill("yesterday")
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_text("Enter a valid date/time.")).to_be_visible()
    faults += described(axe.run(page, context="#content"))
    assert faults == []
