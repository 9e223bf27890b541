"""The live monitor, and the timeline of a group. Pages that show; each row has its place for verbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import BaseModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils.cache import get_conditional_response
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .. import operating, registry
from ..models import (
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    get_participant_model,
)
from ..monitoring import BarrierRow, GroupRow, MemberRow, Overview, Span, cohorts, overview_of, timeline_of
from ..states import LinkState
from .base import in_words, labels_of_verbs, link_to, moment
from .offered import ENDINGS, OF_ALL_WHO_WAIT, OF_COHORTS, OF_WAITS, Verbs, record_of
from .plots import figures
from .verbs import url_of

#: Seconds between two questions of the page.
INTERVAL = 2


def may_watch(request: HttpRequest) -> bool:
    """Whether the user may see what the monitor shows: barriers and visits."""
    user: Any = request.user
    names = (
        f"{model._meta.app_label}.view_{model._meta.model_name}" for model in (BarrierRecord, ParticipantLinkBarrier)
    )
    return user.has_perms(list(names))  # type: ignore[no-any-return]


class Monitored(BaseModelAdmin):
    """For the `ModelAdmin` of barriers: adds the addresses of the monitor to its own."""

    def get_urls(self) -> list[Any]:
        guarded = self.admin_site.admin_view
        own = [
            path("monitor/", guarded(self.monitor), name="syncgroups_monitor"),
            path("monitor/live/", guarded(self.monitor_live), name="syncgroups_monitor_live"),
            path("monitor/groups/<int:pk>/", guarded(self.timeline), name="syncgroups_timeline"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def monitor(self, request: HttpRequest) -> HttpResponse:
        """The page, with what there is to see now."""
        overview = self._overview(request)
        known = cohorts()
        context = {
            **self._context(request, _("Live monitor")),
            **self._shown(request, overview),
            "cohorts": known if overview.cohort in known else [overview.cohort, *known],
            "interval": INTERVAL,
            "etag": etag_of(overview),
            "live_url": f"{self._url('syncgroups_monitor_live')}?{urlencode({'cohort': overview.cohort})}",
        }
        return TemplateResponse(request, "admin/syncgroups/monitor.html", context)

    def monitor_live(self, request: HttpRequest) -> HttpResponse:
        """What changes of it: 304 while nothing has."""
        overview = self._overview(request)
        etag = etag_of(overview)
        unchanged = get_conditional_response(request, etag=etag)
        template, context = "admin/syncgroups/monitor_live.html", self._context(request, "")
        response = unchanged or TemplateResponse(request, template, context | self._shown(request, overview))
        response["ETag"] = etag
        return response

    def timeline(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who of a group was where when."""
        _require(request)
        group = SyncGroup.objects.filter(pk=pk).first()
        if group is None:
            raise Http404
        line = timeline_of(group)
        context = {
            **self._context(request, _("Timeline of group {group}").format(group=group)),
            "group": group,
            "group_url": self._page_of(group),
            "monitor_url": f"{self._url('syncgroups_monitor')}?{urlencode({'cohort': group.cohort})}",
            "is_cut": line.is_cut,
            "spans": [self._span(span, line.now) for span in line.spans],
            "n_members": len(line.members),
        }
        return TemplateResponse(request, "admin/syncgroups/timeline.html", context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Verbs reach barriers without a record, too, which the monitor names by barrier and cohort: it is made."""
        said: Any = request.POST
        barrier_id, cohort = said.get("barrier", ""), said.get("cohort", "")
        chosen = ACTION_CHECKBOX_NAME in said
        may_act = not chosen and said.get("action") in labels_of_verbs(self, request)  # type: ignore[arg-type]
        if may_act and registry.find(barrier_id) is not None and _is_cohort(cohort):
            record = operating.record_of(barrier_id, cohort)
            said = said.copy()
            said[ACTION_CHECKBOX_NAME] = str(record.pk)
            request.POST = said
        return super().changelist_view(request, extra_context)  # type: ignore[misc,no-any-return]

    # What templates are given

    def _overview(self, request: HttpRequest) -> Overview:
        _require(request)
        cohort = request.GET.get("cohort")
        if cohort is None:
            cohort = next(iter(cohorts()), "")
        if not _is_cohort(cohort):
            raise Http404
        return overview_of(cohort)

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": BarrierRecord._meta, "title": title}

    def _shown(self, request: HttpRequest, overview: Overview) -> dict[str, Any]:
        verbs, group_verbs = (self._verbs(request, model) for model in (BarrierRecord, SyncGroup))
        about_members = (ParticipantLinkSyncGroup, get_participant_model(), ParticipantLinkBarrier)
        member_verbs = [self._verbs(request, model) for model in about_members]
        alone = [row for row in overview.barriers if row.numbers.alone]
        return {
            "overview": overview,
            "now_ms": int(overview.now.timestamp() * 1000),
            "updated": moment(overview.now),
            "lag": in_words(overview.health.lag),
            "signs": [moment(sign) if sign else _("never") for sign in overview.health.signs],
            "barriers": [self._barrier(row, overview.cohort, verbs) for row in overview.barriers],
            "alone": [self._alone(row, overview.cohort, member_verbs) for row in alone],
            "n_alone": sum(row.numbers.alone for row in alone),
            "groups": [self._group(row, group_verbs, member_verbs) for row in overview.groups],
            "whole": self._whole(overview, verbs),
            "n_more_groups": max(0, overview.n_groups - len(overview.groups)),
            "groups_url": f"{url_of(SyncGroup, 'changelist', site=self.admin_site.name)}?"
            + urlencode({"cohort": overview.cohort, "active__exact": "1"}),
            "problems": [{"about": self._about(row), "fact": fact} for row, fact in overview.problems],
            "figures": figures(overview),
        }

    def _verbs(self, request: HttpRequest, model: Any) -> Verbs:
        """What the user may do to such rows."""
        page: Any = self.admin_site._registry.get(model)
        labels = labels_of_verbs(page, request) if page else {}
        return Verbs(page, url_of(model, "changelist", site=self.admin_site.name) if labels else "", labels)

    def _whole(self, overview: Overview, verbs: Verbs) -> list[dict[str, Any]]:
        """What can be done to the cohort as a whole, by any of its barriers."""
        records = (record_of(row, overview.cohort) for row in overview.barriers)
        record = next(filter(None, records), None)
        wanted = {*OF_COHORTS}.difference(() if overview.n_waiting else OF_ALL_WHO_WAIT)
        return verbs.menu(record, lambda name: name in wanted) if record else []

    def _barrier(self, row: BarrierRow, cohort: str, verbs: Verbs) -> dict[str, Any]:
        record: Any = record_of(row, cohort)
        if record:
            record.n_waiting = row.numbers.n
        return {
            "row": row,
            "menus": verbs.menu(record, lambda name: name not in OF_COHORTS) if record else [],
            "url": self._page_of(row.record),
            "visits_url": self._visits_url(row, cohort),
            "forms_groups": bool(row.numbers.n) and getattr(registry.find(row.id), "forms_groups", False),
            "silent": row.numbers.quiet + row.numbers.gone,
            "usual": "-" if row.usual_wait is None else in_words(row.usual_wait),
            "deadline": moment(row.next_deadline),
        }

    def _visits_url(self, row: BarrierRow, cohort: str) -> str:
        """The list of those who wait there."""
        query = urlencode({"barrier": row.id, "cohort": cohort, "state__exact": LinkState.WAITING.value})
        return f"{url_of(ParticipantLinkBarrier, 'changelist', site=self.admin_site.name)}?{query}"

    def _alone(self, row: BarrierRow, cohort: str, verbs: Sequence[Verbs]) -> dict[str, Any]:
        """People who wait at a barrier for themselves, and what can be done to each of them."""
        _in_group, taking_part, waiting = verbs
        people = [
            {
                "visit": visit,
                "person": visit.participant,
                "link": link_to(visit.participant, site=self.admin_site.name),
                "act": f"act-visit-{visit.pk}",
                "menus": waiting.menu(visit, lambda name: name in OF_WAITS)
                + taking_part.menu(visit.participant, lambda name: name in ENDINGS),
            }
            for visit in row.alone
        ]
        return {"row": row, "people": people, "visits_url": self._visits_url(row, cohort)}

    def _group(self, row: GroupRow, verbs: Verbs, member_verbs: Sequence[Verbs]) -> dict[str, Any]:
        row.group.n_waiting = 0 if row.since is None else 1  # type: ignore[attr-defined]
        return {
            "row": row,
            "menus": verbs.menu(row.group),
            "link": link_to(row.group, site=self.admin_site.name),
            "url": self._page_of(row.group),
            "timeline_url": self._url("syncgroups_timeline", row.group.pk),
            "members": [self._member(member, member_verbs) for member in row.members],
        }

    def _member(self, row: MemberRow, verbs: Sequence[Verbs]) -> dict[str, Any]:
        """What can be done to a member concerns the membership, the participation, or where they wait."""
        in_group, taking_part, waiting = verbs
        membership = ParticipantLinkSyncGroup(pk=row.membership, active=row.membership is not None)
        menus = in_group.menu(membership, lambda name: not (row.leads and name == "make_leader"))
        menus += taking_part.menu(row.person, lambda name: name in ENDINGS)
        for visit in row.visits:
            menus += waiting.menu(visit, lambda name: name in OF_WAITS)
        return {
            "row": row,
            "link": link_to(row.person, site=self.admin_site.name),
            "menus": menus,
            "act": f"act-member-{row.membership}",
        }

    def _about(self, row: BarrierRow | GroupRow) -> str:
        if isinstance(row, GroupRow):
            return link_to(row.group, site=self.admin_site.name)
        return link_to(row.record, row.id, site=self.admin_site.name) if row.record else row.id

    def _span(self, span: Span, now: Any) -> dict[str, Any]:
        return {
            "span": span,
            "member": link_to(span.member, site=self.admin_site.name),
            "from_ms": int(span.began.timestamp() * 1000),
            "until_ms": int(span.until(now).timestamp() * 1000),
            "began": moment(span.began),
            "ended": moment(span.ended) if span.ended else _("goes on"),
            "duration": in_words((span.until(now) - span.began).total_seconds()),
        }

    def _page_of(self, row: Any) -> str:
        """The address of a row's page, where there is one."""
        try:
            return url_of(row, "change", row.pk, site=self.admin_site.name) if row is not None else ""
        except NoReverseMatch:
            return ""

    def _url(self, name: str, *args: Any) -> str:
        return reverse(f"admin:{name}", args=args, current_app=self.admin_site.name)


def _require(request: HttpRequest) -> None:
    if not may_watch(request):
        raise PermissionDenied


def _is_cohort(name: str) -> bool:
    return "\0" not in name and len(name) <= 100


def etag_of(overview: Overview) -> str:
    """Names what the user would see: the state, in their language."""
    return f'"{overview.version}-{get_language()}"'
