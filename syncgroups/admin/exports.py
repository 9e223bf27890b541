"""Data out, from the lists of participants and of groups: of everybody, of a cohort, or of the rows chosen."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Iterator
from typing import IO, Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import exporting
from ..exceptions import ExtraMissing
from ..models import get_participant_model
from .verbs import url_of, why_missing

logger = logging.getLogger(__name__)

#: How many rows can be chosen: a form names each of them. A cohort is chosen by its name.
LIMIT = 5000

#: Bytes that are sent at a time.
CHUNK = 64 * 1024


class ChosenField(forms.CharField):
    """Public ids of the rows that were chosen in a list; nothing chosen is everybody."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> list[UUID] | None:
        text = super().clean(value)
        try:
            return [UUID(word) for word in text.split(",")] if text else None
        except ValueError:
            raise forms.ValidationError(_("Choose the rows anew.")) from None


class ExportForm(forms.Form):
    """Whose data, which of it, and how."""

    required_css_class = "required"

    participants = ChosenField(required=False)
    groups = ChosenField(required=False)
    cohort = forms.ChoiceField(label=gettext_lazy("Cohort"), required=False)
    since = forms.DateTimeField(
        label=gettext_lazy("Came since"),
        required=False,
        help_text=gettext_lazy("Only people who came then or later; a date, or a date and a time."),
    )
    until = forms.DateTimeField(label=gettext_lazy("Came before"), required=False)
    tables = forms.MultipleChoiceField(label=gettext_lazy("Tables"), widget=forms.CheckboxSelectMultiple)
    format = forms.ChoiceField(label=gettext_lazy("Format"))
    pseudonym_key = forms.CharField(
        label=gettext_lazy("Key of the pseudonyms"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "Exports with the same key have the same pseudonyms. Without one, these pseudonyms are of this export only."
        ),
    )
    real_ids = forms.BooleanField(
        label=gettext_lazy("Real public ids"),
        required=False,
        help_text=gettext_lazy("Instead of pseudonyms: as in addresses and in the admin."),
    )
    details = forms.BooleanField(
        label=gettext_lazy("What the site itself keeps"),
        required=False,
        help_text=gettext_lazy("Details and fields of the site's own. They may tell who somebody is."),
    )

    def __init__(self, *args: Any, tables: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["tables"].choices = [(name, name) for name in tables]
        fields["tables"].initial = tables
        fields["format"].choices = [(name, name) for name in exporting.FORMATS]
        people = get_participant_model()._default_manager
        cohorts = people.order_by("cohort").values_list("cohort", flat=True).distinct()
        # A name in front, because the empty cohort and no choice at all are two things.
        fields["cohort"].choices = [
            ("", gettext_lazy("all cohorts")),
            *((f"={cohort}", cohort or gettext_lazy("(none)")) for cohort in cohorts),
        ]

    def selection(self) -> exporting.Selection:
        chosen = self.cleaned_data
        return exporting.Selection(
            cohorts=[chosen["cohort"][1:]] if chosen["cohort"] else None,
            since=chosen["since"],
            until=chosen["until"],
            participants=chosen["participants"],
            groups=chosen["groups"],
        )

    def naming(self) -> Any:
        chosen = self.cleaned_data
        return exporting.real_ids if chosen["real_ids"] else exporting.pseudonyms(chosen["pseudonym_key"])

    def package(self) -> exporting.Package:
        """What was asked for. Raises `ExtraMissing`."""
        chosen = self.cleaned_data
        tables = exporting.chosen(chosen["tables"], details=chosen["details"])
        return exporting.pack(self.selection(), tables=tables, naming=self.naming(), format=chosen["format"])


class Exporting(admin.ModelAdmin):
    """For a `ModelAdmin` whose rows can be chosen for an export: an action, and a page where more can be said."""

    change_list_template = "admin/syncgroups/exportable_list.html"

    def __init__(self, model: Any, admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        # None is Django's way to say that a page has no actions.
        if self.actions is not None:
            self.actions = [*self.actions, "export"]

    def get_urls(self) -> list[Any]:
        opts = self.model._meta
        # Not in a transaction of the request's, whose isolation could not be changed any more.
        view = transaction.non_atomic_requests(self.admin_site.admin_view(self.export_view))
        return [path("export/", view, name=f"{opts.app_label}_{opts.model_name}_export"), *super().get_urls()]

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whether the user may see all rows of one of the tables at least."""
        return bool(exportable(request))

    @admin.action(description=gettext_lazy("Export the selected and what concerns them"), permissions=["export"])
    def export(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse:
        """Show the page, with the rows that were chosen."""
        ids = [str(public_id) for public_id in rows.order_by("pk").values_list("public_id", flat=True)[: LIMIT + 1]]
        if len(ids) > LIMIT:
            sentence = _("Choose at most %(limit)d rows at once, or export a cohort.") % {"limit": LIMIT}
            self.message_user(request, sentence, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        if not ids:
            # Nothing that is chosen would be everybody.
            n_missing = len(request.POST.getlist(ACTION_CHECKBOX_NAME))
            self.message_user(request, why_missing(n_missing), messages.WARNING)
            return HttpResponseRedirect(request.get_full_path())
        return self.ask(request, ExportForm(tables=exportable(request), initial={self.of: ",".join(ids)}), len(ids))

    @property
    def of(self) -> str:
        """The field of the form that names such rows."""
        return "participants" if issubclass(self.model, get_participant_model()) else "groups"

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """Ask what is wanted, and send it."""
        tables = exportable(request)
        if not tables:
            raise PermissionDenied
        if request.method != "POST":
            return self.ask(request, ExportForm(tables=tables))
        form = ExportForm(request.POST, tables=tables)
        if form.is_valid():
            try:
                package = form.package()
            except ExtraMissing as error:
                form.add_error("format", str(error))
            else:
                logger.info("%s exports %s.", request.user.get_username(), ", ".join(form.cleaned_data["tables"]))
                return sent(request, package)
        return self.ask(request, form, len(form.cleaned_data.get(self.of) or ()))

    def ask(self, request: HttpRequest, form: ExportForm, n_chosen: int = 0) -> HttpResponse:
        opts = self.model._meta
        # By which templates find the addresses of this site of the admin.
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": _("Export"),
            "form": form,
            "media": self.media,
            "opts": opts,
            "n_chosen": n_chosen,
            "url": url_of(self.model, "export", site=self.admin_site.name),
            "back_url": url_of(self.model, "changelist", site=self.admin_site.name),
        }
        return TemplateResponse(request, "admin/syncgroups/export.html", context)


def exportable(request: HttpRequest) -> list[str]:
    """Names of the tables whose rows the user may see in the admin."""
    return [name for name, table in exporting.TABLES.items() if _may_view(request, table.model._meta)]


def _may_view(request: HttpRequest, opts: Any) -> bool:
    verbs = (get_permission_codename(verb, opts) for verb in ("view", "change"))
    return any(request.user.has_perm(f"{opts.app_label}.{codename}") for codename in verbs)


def sent(request: HttpRequest, package: exporting.Package) -> StreamingHttpResponse:
    """The answer that streams the package. Under ASGI what is not asynchronous would be read into memory first."""
    chunks: Any = _chunks_later(package.file) if hasattr(request, "scope") else _chunks(package.file)
    headers = {
        "Content-Disposition": f'attachment; filename="{package.name}"',
        "Content-Length": str(os.fstat(package.file.fileno()).st_size),
        "Cache-Control": "no-store",
    }
    return StreamingHttpResponse(chunks, content_type=package.content_type, headers=headers)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


async def _chunks_later(file: IO[bytes]) -> AsyncIterator[bytes]:
    read = sync_to_async(file.read, thread_sensitive=False)
    with file:
        while chunk := await read(CHUNK):
            yield chunk
