"""Actions: what a researcher does to rows that were chosen in a list, or to the one on the page.

A verb is a method ``(row, *, reason, by)`` that calls the front door and returns nothing, or else a sentence that
says why it left the row alone; a `SyncGroupsError` is such a sentence, too. Around it: permission, confirmation
and a reason where it cannot be undone, a message that says how it went, and an entry in the row's history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..exceptions import SyncGroupsError

Verb = Callable[..., Any]
Text = str | Promise

#: How many rows one request acts on: each is a transaction of its own, and a form has a limit of fields.
LIMIT = 500

#: How many rows a page or a message names.
NAMED = 50


class ReasonForm(forms.Form):
    """Why. Stored, and shown to the participant where a participation ends."""

    #: Django's admin prints labels of this class in bold.
    required_css_class = "required"

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=gettext_lazy("Required. Stored with what ends. Participants may read it."),
    )


def verb(label: Text, *, description: Text, permissions: Sequence[str] = ("act",), question: Text = "") -> Verb:
    """Make a method of a `ModelAdmin` an action. With a `question` it is asked first, and so is for a reason.

    `label` is for the button on a row's page, `description` for the list of actions.
    """

    def decorate(method: Verb) -> Verb:
        @admin.action(description=cast(str, description), permissions=permissions)
        @wraps(method)
        def act(modeladmin: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse:
            return Act(modeladmin, request, method, label, question).run(rows)

        cast(Any, act).label = label
        return act

    return decorate


class Act:
    """One request to apply one verb to some rows."""

    def __init__(self, modeladmin: Any, request: HttpRequest, method: Verb, label: Text, question: Text) -> None:
        self.modeladmin = modeladmin
        self.request = request
        self.method = method
        self.label = label
        self.question = question

    def run(self, queryset: QuerySet[Any]) -> HttpResponse:
        rows = list(queryset.order_by("pk")[: LIMIT + 1])
        if len(rows) > LIMIT:
            sentence = _("Choose at most %(limit)d rows at once. Nothing has been done.") % {"limit": LIMIT}
            self.modeladmin.message_user(self.request, sentence, messages.ERROR)
            return self.back(rows)
        if not self.question:
            return self.carry_out(rows, reason="")
        form = ReasonForm(self.request.POST if "confirmed" in self.request.POST else None)
        return self.carry_out(rows, reason=form.cleaned_data["reason"]) if form.is_valid() else self.ask(rows, form)

    def carry_out(self, rows: Sequence[Any], *, reason: str) -> HttpResponse:
        by = self.request.user.get_username()
        left_alone: dict[str, list[str]] = defaultdict(list)
        n_done = 0
        for row in rows:
            try:
                why_not = self.method(self.modeladmin, row, reason=reason, by=by)
            except SyncGroupsError as error:
                why_not = str(error)
            if why_not:
                left_alone[str(why_not)].append(str(row))
            else:
                n_done += 1
                self.modeladmin.log_change(self.request, row, f"{self.label}: {reason}" if reason else self.label)
        self.report(n_done, left_alone)
        self.report_missing(rows)
        return self.back(rows)

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
            sentence = ngettext(
                "%(n)d left alone: no longer in this list, because it has changed meanwhile.",
                "%(n)d left alone: no longer in this list, because they have changed meanwhile.",
                n_missing,
            )
            self.modeladmin.message_user(self.request, sentence % {"n": n_missing}, messages.WARNING)

    def ask(self, rows: Sequence[Any], form: ReasonForm) -> HttpResponse:
        """Show what is about to be done to whom. What is confirmed are these rows, whatever the list shows then."""
        opts = self.modeladmin.model._meta
        context = {
            **self.modeladmin.admin_site.each_context(self.request),
            "title": _("Are you sure?"),
            "label": self.label,
            "question": self.question,
            "form": form,
            "media": self.modeladmin.media,
            "opts": opts,
            "rows": rows[:NAMED],
            "n_more": max(len(rows) - NAMED, 0),
            "keys": [str(row.pk) for row in rows],
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "action": self.method.__name__,
            "query": self.query,
            "on_page": self.on_page,
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

    def url_back(self, rows: Sequence[Any]) -> str:
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
