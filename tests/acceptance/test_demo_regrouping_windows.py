"""Regrouping in real browser windows."""

import pytest
from playwright.sync_api import expect

from project.regrouping.experiment import PATIENCE, NewPartners
from project.shared.models import Answer
from syncgroups import registry, testing
from syncgroups.barriers import KEPT_WAITING
from syncgroups.models import ParticipantLinkBarrier, SyncGroup

from .demo_windows import expect_at, person_at, place_of, sweep_to, sweep_until, take_part_together

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.SYNCGROUPS_POLL_INTERVAL = 0.2


def estimate(page, number):
    page.get_by_role("spinbutton").fill(str(number))
    page.get_by_role("button", name="Send").click()


def in_trio(window):
    pages = take_part_together(window, "regrouping", 3)
    expect_at("trio/wait/", *pages)
    sweep_to("trio/", *pages)
    return pages


def results(page):
    return expect(page.locator(".demo-result dd"))


def test_six_windows_meet_in_threes_and_then_in_pairs_with_somebody_new(window):
    trios = [in_trio(window), in_trio(window)]
    for number, trio in zip((100, 500), trios, strict=True):
        for page in trio:
            estimate(page, number)
    pages = [*trios[0], *trios[1]]
    sweep_to("pair/", *pages)
    results(trios[0][0]).to_have_text("100")
    results(trios[1][2]).to_have_text("500")
    for page in pages:
        estimate(page, 206)
    sweep_to("thanks/", *pages)
    results(pages[0]).to_have_text(["206", "206"])
    members = {kind: _members(kind) for kind in ("trio", "pair")}
    assert [len(trio) for trio in members["trio"]] == [3, 3]
    assert [len(pair) for pair in members["pair"]] == [2, 2, 2]
    assert all(len(pair & trio) == 1 for pair in members["pair"] for trio in members["trio"])
    assert {person_at(page).status for page in pages} == {"finished"}


def _members(group_type):
    groups = SyncGroup.objects.filter(group_type=group_type)
    return [set(group.participants.values_list("pk", flat=True)) for group in groups]


def test_of_three_windows_two_meet_again_after_a_while_and_the_third_goes_with_credit(window):
    pages = in_trio(window)
    for page in pages:
        estimate(page, 200)
    sweep_to("pair/wait/", *pages)
    testing.let_time_pass(NewPartners.patience)
    sweep_until(lambda: sorted(map(place_of, pages)) == ["pair/", "pair/", "pair/wait/"], pages[0])
    [third] = [page for page in pages if place_of(page) == "pair/wait/"]
    testing.let_time_pass(registry.get("pair_grouper").max_wait_time - NewPartners.patience)
    sweep_to("end/", third)
    expect(third.get_by_role("heading", level=1)).to_have_text("Not enough people came")
    expect(third.get_by_text("You are paid for 18")).to_be_visible()
    for page in pages:
        if page is not third:
            estimate(page, 206)
            expect_at("pair/answered/", page)
    sweep_to("thanks/", *(page for page in pages if page is not third))


def test_two_windows_go_on_without_the_one_that_was_closed(window):
    closed, *staying = in_trio(window)
    gone = person_at(closed)
    closed.close()
    for page in staying:
        estimate(page, 200)
    expect_at("trio/answered/", *staying)
    testing.let_time_pass(PATIENCE)
    sweep_to("pair/wait/", *staying)
    gone.refresh_from_db()
    assert gone.failed_reason == KEPT_WAITING


def test_reloading_a_second_tab_and_the_back_button_do_no_harm(window):
    first, *others = in_trio(window)
    first.reload()
    tab = window(beside=first)
    tab.goto(first.url)
    expect_at("trio/", first, tab)
    estimate(first, 111)
    expect_at("trio/answered/", first)
    estimate(tab, 999)
    expect_at("trio/answered/", tab)
    first.go_back()
    expect_at("trio/answered/", first)
    for page in others:
        estimate(page, 200)
    sweep_to("pair/wait/", first, tab, *others)
    person = person_at(first)
    assert [answer.value for answer in Answer.objects.filter(participant=person)] == [111]
    visits = ParticipantLinkBarrier.objects.filter(participant=person).order_by("pk")
    assert [visit.barrier_id for visit in visits] == ["trio_grouper", "closer_trio", "pair_grouper"]
    assert person.is_active
