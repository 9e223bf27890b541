"""A site with a participant model of its own has the researchers' pages and API, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.migrations.conftest import empty_database, postgresql_address, sqlite_address  # noqa: F401
from tests.migrations.site import make_site

pytestmark = pytest.mark.once

MORE_SETTINGS = """
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "site_urls"
INSTALLED_APPS = [
    *(f"django.contrib.{name}" for name in ("admin", "auth", "sessions", "messages", "staticfiles")),
    "rest_framework",
    *INSTALLED_APPS,
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
processors = ["template.context_processors.request", "contrib.auth.context_processors.auth"]
processors.append("contrib.messages.context_processors.messages")
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": [f"django.{name}" for name in processors]},
    }
]
STATIC_URL = "static/"
"""

URLS = """
from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("sync/", include("syncgroups.urls"))]
"""

ADMIN = """
from django.contrib import admin

from syncgroups.admin import ParticipantAdmin

from .models import Animal


@admin.register(Animal)
class AnimalAdmin(ParticipantAdmin):
    list_display = [*ParticipantAdmin.list_display, "species"]
"""

TOUR = """
    from django.contrib import admin
    from django.contrib.auth.models import User
    from django.test import Client

    from syncgroups import testing
    from syncgroups.explaining import explain
    from syncgroups.models import Participant, ParticipantLinkBarrier, SyncGroup

    assert not admin.site.is_registered(Participant)
    herd = testing.make_participants(3, species="okapi")
    testing.arrive_all(herd, "pair_grouper")
    testing.sweep()
    testing.arrive_all(herd[:1], "ready")
    client = Client()
    client.force_login(User.objects.create(username="ada", is_staff=True, is_superuser=True))

    for name in ("syncgroup", "participantlinksyncgroup", "participantlinkbarrier", "barrierrecord", "wakeup"):
        assert client.get(f"/admin/syncgroups/{name}/").status_code == 200, name
    for row in (SyncGroup.objects.get(), ParticipantLinkBarrier.objects.first()):
        page = client.get(f"/admin/syncgroups/{row._meta.model_name}/{row.pk}/change/")
        assert page.status_code == 200
        print(f"/admin/zoo/animal/{herd[0].pk}/change/" in page.content.decode())
    watched = client.get("/admin/syncgroups/barrierrecord/monitor/")
    assert (watched.status_code, str(herd[0]) in watched.content.decode()) == (200, True)
    group = SyncGroup.objects.get()
    assert client.get(f"/admin/syncgroups/barrierrecord/monitor/groups/{group.pk}/").status_code == 200
    assert str(herd[0]) in str(explain("ready", participant=herd[0]))
    told = client.get(f"/sync/api/v1/participants/{herd[0].public_id}/").json()
    assert told["waits_at"] == ["ready"], told
    pages = [client.get("/sync/api/v1/participants/?page_size=2&ordering=created").json()]
    pages.append(client.get(pages[0]["next"]).json())
    ids = [row["public_id"] for page in pages for row in page["results"]]
    assert sorted(ids) == sorted(str(animal.public_id) for animal in herd), ids
"""

OWN_PAGES = """
    from django.contrib.auth.models import User
    from django.test import Client

    from zoo.models import Animal

    client = Client()
    client.force_login(User.objects.get())
    stray = Animal.objects.order_by("creation_time").last()
    assert "okapi" in client.get("/admin/zoo/animal/").content.decode()
    page = f"/admin/zoo/animal/{stray.pk}/change/"
    shown = client.get(page)
    assert "syncgroups-verbs" in shown.content.decode()
    form = {"species": "zebra", "details": "{}", "status": "left", "id": "0" * 32, "cohort": "forged"}
    for prefix in ("sync_group_links", "barrier_links", "presence_intervals", "audit_entries"):
        form |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    before = Animal.objects.count()
    assert client.post(page, form).status_code == 302
    stray.refresh_from_db()
    assert (stray.species, stray.status, stray.cohort, Animal.objects.count()) == ("zebra", "working", "", before)
    chosen = {"action": "fail", "_selected_action": str(stray.pk), "confirmed": "1", "reason": "went astray"}
    client.post("/admin/zoo/animal/", chosen)
    stray.refresh_from_db()
    print(stray.failed_reason)
"""


def test_pages_work_with_and_without_pages_of_the_sites_own_participants(tmp_path: Path, empty_database: str) -> None:  # noqa: F811
    site = make_site(tmp_path, database=empty_database, participant="zoo.Animal")
    with tmp_path.joinpath("site_settings.py").open("a") as settings:
        settings.write(MORE_SETTINGS)
    tmp_path.joinpath("site_urls.py").write_text(URLS)
    site.manage("migrate")
    # Not registered: there is nothing to lead to, and nothing breaks.
    assert site.python(TOUR).split() == ["False", "False"]
    tmp_path.joinpath("zoo", "admin.py").write_text(ADMIN)
    site.manage("check")
    assert site.python(OWN_PAGES) == "went astray\n"
