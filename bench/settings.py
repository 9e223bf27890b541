"""Settings of the site that is measured: the demo site's, with the app's own way of telling who asks."""

import os

os.environ.setdefault("DJANGO_SECRET_KEY", "for-measuring-only")
os.environ.setdefault("DJANGO_ALLOWED_HOSTS", "127.0.0.1,testserver")
os.environ.setdefault("DJANGO_LOG_LEVEL", "WARNING")

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS as DEMO_APPS

INSTALLED_APPS = [name for name in DEMO_APPS if not name.startswith("project.")] + ["bench"]
ROOT_URLCONF = "bench.urls"
SYNCGROUPS_PARTICIPANT_RESOLVER = "syncgroups.identity.participant_from_token"
# Counted, as on any site, and never refused.
SYNCGROUPS_POLL_RATE = "100000/s"
SECURE_SSL_REDIRECT = False
