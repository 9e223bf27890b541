"""The researcher's lists, pages and questions, looked at by axe, with all that they can show."""

import pytest
from django.contrib import admin

from syncgroups import arrivals, operating, testing
from syncgroups.models import AuditEntry, SyncGroup

from . import researchers
from .researchers import list_url, page_url, pairs_waiting, signed_in, staff
from .test_accessibility import LAPTOP, axe, described

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def scene():
    with testing.declared(*researchers.declarations()):
        scene = pairs_waiting(1)
        arrivals.note_presence(scene.waiter)
        testing.arrive_all(testing.make_participants(1, cohort="c0"), "rps_grouper")
        operating.message(scene.visit, text="Hold on.", reason="fire alarm", by="ada")
        SyncGroup.objects.update(error_count=2, last_error="on_release raised KeyError: x")
        arrivals.pause("choice_made", "c0", by="ada")
        yield scene


@pytest.fixture(params=["light", "dark"])
def page(request, window, live_server):
    page = window(viewport=LAPTOP, bypass_csp=True, color_scheme=request.param)
    key = signed_in(staff("ada", is_superuser=True)).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
    return page


def faults_of(page):
    """In what is the app's: around it are Django's own pages, and the heads of inlines that have nothing to say."""
    faults = described(axe.run(page, context="#content"))
    return [fault for fault in faults if not fault.startswith("empty-table-header: <th")]


def test_lists_and_pages_have_no_faults(scene, page):
    """Of everything that is in the admin: a list and a page that are added are looked at, too."""
    shown = [model for model in admin.site._registry if model._meta.app_label == "syncgroups"]
    assert {*researchers.MODELS, AuditEntry} == {*shown}
    about = {type(row): row for row in (scene.waiter, scene.group, scene.visit, scene.record)}
    rows = [about.get(model) or model._default_manager.latest("pk") for model in shown]
    faults = {}
    for address in [*map(list_url, shown), *map(page_url, rows)]:
        page.goto(address)
        faults[address] = faults_of(page)
    assert {address: found for address, found in faults.items() if found} == {}


@pytest.mark.parametrize("verb", ["Replace", "Give more time", "Resume"])
def test_what_is_asked_has_no_faults(scene, page, verb):
    """As it is asked, and with something to complain about."""
    row = {"Replace": scene.waiter.sync_group_links.get(), "Give more time": scene.visit, "Resume": scene.record}[verb]
    page.goto(page_url(row))
    page.get_by_role("button", name=verb, exact=True).click()
    faults = faults_of(page)
    if verb == "Replace":
        page.locator("[name=into]").select_option(index=1)
    page.locator("[name=reason]").fill(" ")
    page.get_by_role("button", name=verb, exact=True).click()
    page.locator(".errorlist").first.wait_for()
    assert faults + faults_of(page) == []
