"""Actions: what a researcher does to rows that were chosen in a list, or to the one on the page.

A verb is a method ``(row, *, reason, by, seen)`` that calls `syncgroups.operating` and returns nothing, or else a
sentence that says why it left the row alone; a `SyncGroupsError` is such a sentence, too. Around it: permission, a
reason, confirmation, a message that says how it went, and an entry in the row's history.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..exceptions import SyncGroupsError
from ..operating import facts_for, facts_of_all, name_of
from ..states import PassOutcome
from .forms import ReasonForm

Verb = Callable[..., Any]
Text = str | Promise

#: How many rows one request acts on: each is a transaction of its own. The form that asks has two fields for each and
#: some besides, and Django reads a thousand.
LIMIT = 480

#: How many rows a page or a message names.
NAMED = 50


def verb(
    label: Text,
    *,
    description: Text,
    question: Text,
    permissions: Sequence[str] = ("act",),
    final: bool = False,
    form: type[ReasonForm] = ReasonForm,
    together: bool = False,
    about: Callable[[Any], Any] = lambda row: row,
) -> Verb:
    """Make a method of a `ModelAdmin` an action. What it is about to do is told first, and a reason is asked for.

    Parameters
    ----------
    label, description
        For the button on a row's page, and for the list of actions.
    question
        What is about to happen, in sentences.
    permissions
        As for Django's actions: names of ``has_…_permission`` methods.
    final
        Whether it cannot be undone.
    form
        What else is asked for. Its fields are handed to the method by their names.
    together
        Whether the method takes all rows at once, and not one after the other.
    about
        What it changes of a row that was chosen, and has to be as the researcher saw it; the row itself unless given.
        Of rows with which it changes the same, it takes the first one only. Where rows are taken together, that of the
        first one counts.
    """

    def decorate(method: Verb) -> Verb:
        @admin.action(description=cast(str, description), permissions=permissions)
        @wraps(method)
        def act(modeladmin: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse:
            return Act(modeladmin, request, method, Asking(label, question, final, form, together, about)).run(rows)

        cast(Any, act).label = label
        return act

    return decorate


@dataclass(frozen=True)
class Asking:
    """What is told and asked before a verb is carried out. See `verb`."""

    label: Text
    question: Text
    final: bool
    form: type[ReasonForm]
    together: bool
    about: Callable[[Any], Any]


class Act:
    """One request to apply one verb to some rows."""

    def __init__(self, modeladmin: Any, request: HttpRequest, method: Verb, asking: Asking) -> None:
        self.modeladmin = modeladmin
        self.request = request
        self.method = method
        self.asking = asking
        self.label = asking.label

    def run(self, queryset: QuerySet[Any]) -> HttpResponse:
        rows = list(queryset.order_by("pk")[: LIMIT + 1])
        if len(rows) > LIMIT:
            sentence = _("Choose at most %(limit)d rows at once. Nothing has been done.") % {"limit": LIMIT}
            self.modeladmin.message_user(self.request, sentence, messages.ERROR)
            return self.back(rows)
        if not rows:
            self.report_missing(rows)
            return self.back(rows)
        answers = self.request.POST if "confirmed" in self.request.POST else None
        may_end = self.modeladmin.has_end_permission(self.request)
        form = self.asking.form(answers, rows=rows, may_end=may_end)
        return self.carry_out(rows, form.cleaned_data) if form.is_valid() else self.ask(rows, form)

    def carry_out(self, rows: Sequence[Any], answers: dict[str, Any]) -> HttpResponse:
        left_alone: dict[str, list[str]] = defaultdict(list)
        n_done = 0
        for batch in self.batches(rows):
            if why_not := self.attempt(batch, answers):
                left_alone[why_not] += map(str, batch)
                continue
            n_done += len(batch)
            for row in batch:
                self.modeladmin.log_change(self.request, row, f"{self.label}: {answers['reason']}")
        self.report(n_done, left_alone)
        self.report_missing(rows)
        return self.back(rows)

    def batches(self, rows: Sequence[Any]) -> list[list[Any]]:
        """Rows for which it is done once: all of them, or those with which it changes the same."""
        if self.asking.together:
            return [list(rows)]
        by_what: dict[Any, list[Any]] = defaultdict(list)
        for row in rows:
            by_what[self.asking.about(row).pk].append(row)
        return list(by_what.values())

    def attempt(self, batch: Sequence[Any], answers: dict[str, Any]) -> str:
        """Do it; say why not."""
        order = {"by": name_of(self.request.user), **answers}
        try:
            if self.asking.together:
                why_not = self.method(self.modeladmin, batch, seen=self.seen(batch[0]), **order)
            else:
                why_not = self.method(self.modeladmin, batch[0], seen=self.seen(batch[0]), **order)
        except SyncGroupsError as error:
            why_not = error
        return str(why_not or "")

    def seen(self, row: Any) -> dict[str, str] | None:
        """What the page that asked knew of the row."""
        try:
            facts = json.loads(self.request.POST.get(f"seen-{row.pk}", "null"))
        except ValueError:
            return None
        return {str(name): str(value) for name, value in facts.items()} if isinstance(facts, dict) else None

    def report(self, n_done: int, left_alone: dict[str, list[str]]) -> None:
        if n_done:
            sentence = ngettext("%(label)s: done for %(n)d row.", "%(label)s: done for %(n)d rows.", n_done)
            self.modeladmin.message_user(self.request, sentence % {"label": self.label, "n": n_done}, messages.SUCCESS)
        for why, names in left_alone.items():
            sentence = ngettext(
                "%(n)d left alone (%(names)s): %(why)s", "%(n)d left alone (%(names)s): %(why)s", len(names)
            )
            facts = {"n": len(names), "names": listed(names), "why": why}
            self.modeladmin.message_user(self.request, sentence % facts, messages.WARNING)

    def report_missing(self, rows: Sequence[Any]) -> None:
        """Those that were chosen and have left the filtered list since it was drawn."""
        chosen = set(self.request.POST.getlist(ACTION_CHECKBOX_NAME))
        n_missing = len(chosen - {str(row.pk) for row in rows})
        if n_missing and self.request.POST.get("select_across") != "1":
            self.modeladmin.message_user(self.request, why_missing(n_missing), messages.WARNING)

    def ask(self, rows: Sequence[Any], form: ReasonForm) -> HttpResponse:
        """Show what is about to be done to whom. What is confirmed are these rows, whatever the list shows then."""
        opts = self.modeladmin.model._meta
        about = self.asking.about
        facts = {pk: facts_for(self.request.user, told) for pk, told in facts_of_all(list(map(about, rows))).items()}
        context = {
            **self.modeladmin.admin_site.each_context(self.request),
            "title": _("Are you sure?") if self.asking.final else self.label,
            "label": self.label,
            "question": self.asking.question,
            "final": self.asking.final,
            "form": form,
            "media": self.modeladmin.media + form.media,
            "opts": opts,
            "rows": rows[:NAMED],
            "n_more": max(len(rows) - NAMED, 0),
            "keys": [str(row.pk) for row in rows],
            "seen": [(f"seen-{row.pk}", json.dumps(facts.get(about(row).pk))) for row in rows],
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "action": self.method.__name__,
            "query": self.query,
            "on_page": self.on_page,
            "on_monitor": self.on_monitor,
            "back_url": self.url_back(rows),
        }
        template = "admin/syncgroups/confirm_verb.html"
        return TemplateResponse(self.request, template, context)

    @property
    def query(self) -> str:
        """The filters of the list that the researcher came from."""
        return self.request.POST.get("query", self.request.GET.urlencode())

    @property
    def on_page(self) -> bool:
        """Whether the researcher came from a row's own page."""
        return "on_page" in self.request.POST

    def back(self, rows: Sequence[Any]) -> HttpResponse:
        return HttpResponseRedirect(self.url_back(rows))

    @property
    def on_monitor(self) -> bool:
        """Whether the researcher came from the live monitor."""
        return "on_monitor" in self.request.POST

    def url_back(self, rows: Sequence[Any]) -> str:
        if self.on_monitor and rows:
            monitor = reverse("admin:syncgroups_monitor", current_app=self.modeladmin.admin_site.name)
            cohort = getattr(rows[0], "cohort", None)
            return f"{monitor}?{urlencode({'cohort': rows[0].sync_group.cohort if cohort is None else cohort})}"
        if self.on_page and len(rows) == 1:
            return url_of(rows[0], "change", rows[0].pk, site=self.modeladmin.admin_site.name)
        url = url_of(self.modeladmin.model, "changelist", site=self.modeladmin.admin_site.name)
        return f"{url}?{self.query}" if self.query else url


def url_of(model: Model | type[Model], page: str, *args: Any, site: str = "admin") -> str:
    """The address of a page of the admin."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    return reverse(name, args=args, current_app=site)


def listed(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join([*names[:NAMED], _("%(n)d more") % {"n": more}] if more > 0 else names)


def why_missing(n: int) -> str:
    """The sentence for so many rows that were chosen, and are not in the filtered list any longer."""
    sentence = ngettext(
        "%(n)d left alone: no longer in this list, because it has changed meanwhile.",
        "%(n)d left alone: no longer in this list, because they have changed meanwhile.",
        n,
    )
    return sentence % {"n": n}


def why_not_processed(outcome: str) -> str | None:
    """The sentence for a pass that did not come to a decision."""
    sentences = {
        PassOutcome.BUSY: _("others are at work on it, try again"),
        PassOutcome.PAUSED: _("paused"),
        PassOutcome.FAILED: _("the pass failed, see the last error"),
    }
    return sentences.get(PassOutcome(outcome))
