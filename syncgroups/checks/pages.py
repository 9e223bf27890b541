"""Pages of participants: ours, and the site's own at barriers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.urls import NoReverseMatch, get_resolver, reverse

from ..views.barriers import BarrierMixin, BarrierView


@register("syncgroups")
def check_urls(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W003: waiting pages would have nothing to ask."""
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return []
    try:
        reverse("syncgroups:standing")
    except NoReverseMatch:
        hint = 'Add path("sync/", include("syncgroups.urls")) to the URLs, under a prefix of your choice.'
        return [Warning("syncgroups.urls is not included: waiting pages cannot poll.", hint=hint, id="syncgroups.W003")]
    return []


@register("syncgroups")
def check_pages(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E009: a page for no barrier. W007: one that leads nowhere. Participants would find it otherwise."""
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return []
    messages: list[CheckMessage] = []
    for address, page in _pages_of(get_resolver().url_patterns):
        for fault, hint in page.problems():
            messages.append(Error(f"The page at '{address}' {fault}.", hint=hint, id="syncgroups.E009"))
        # A warning: a site may choose other URLs for a request than those that are looked at here.
        for fault, hint in page.dead_ends() if isinstance(page, BarrierView) else ():
            messages.append(Warning(f"The page at '{address}' {fault}.", hint=hint, id="syncgroups.W007"))
    return messages


def _pages_of(patterns: Any, prefix: str = "") -> Iterator[tuple[str, BarrierMixin]]:
    """Where each page at a barrier is, and the page."""
    for pattern in patterns:
        address = f"{prefix}{pattern.pattern}"
        if hasattr(pattern, "url_patterns"):
            yield from _pages_of(pattern.url_patterns, address)
            continue
        view = getattr(pattern.callback, "view_class", None)
        if isinstance(view, type) and issubclass(view, BarrierMixin):
            yield address, view(**pattern.callback.view_initkwargs)
