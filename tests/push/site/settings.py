import os

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.push.site"]
ROOT_URLCONF = "tests.push.site.urls"
SYNCGROUPS_PARTICIPANT_RESOLVER = "syncgroups.identity.participant_from_token"
SYNCGROUPS_PUSH = os.environ.get("TESTS_PUSH", "")
SYNCGROUPS_PUSH_URL = os.environ.get("TESTS_PUSH_URL", "")
SYNCGROUPS_TOKEN_MAX_AGE = float(os.environ.get("TESTS_TOKEN_MAX_AGE", "3600"))
