"""A site that has the app's URLs and no pages of its own: tests declare barriers, and not those of the demo's pages."""

import pytest


@pytest.fixture(autouse=True)
def only_the_apps_own_urls(settings):
    settings.ROOT_URLCONF = "tests.checks.only_ours"
