import os

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.push.site"]
ROOT_URLCONF = "tests.push.site.urls"
SYNCGROUPS_PARTICIPANT_RESOLVER = "syncgroups.identity.participant_from_token"
SYNCGROUPS_PUSH = os.environ.get("TESTS_PUSH", "")
SYNCGROUPS_PUSH_URL = os.environ.get("TESTS_PUSH_URL", "")
# No clock helps in these tests, unless one is asked for: what is not hinted at is not told.
SYNCGROUPS_POLL_INTERVAL = float(os.environ.get("TESTS_POLL_INTERVAL", "3600"))
