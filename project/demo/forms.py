"""What participants may send."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from syncgroups.conf import settings

from .models import Move

TICKET_SALT = "demo.ticket"


def new_ticket() -> str:
    """A signed public id for a participant who is yet to be made: however often the form is sent, it is one person."""
    return signing.dumps(str(uuid.uuid4()), salt=TICKET_SALT)


class ConsentForm(forms.Form):
    agree = forms.BooleanField(
        label=_("I have read this and want to take part."),
        error_messages={"required": _("Please tick the box if you want to take part.")},
    )
    cohort = forms.SlugField(max_length=100, required=False, widget=forms.HiddenInput)
    ticket = forms.CharField(max_length=200, widget=forms.HiddenInput)

    def clean_ticket(self) -> uuid.UUID:
        try:
            age = timedelta(seconds=settings.TOKEN_MAX_AGE)
            return uuid.UUID(signing.loads(self.cleaned_data["ticket"], salt=TICKET_SALT, max_age=age))
        except signing.BadSignature:
            raise ValidationError(_("Please open the link again.")) from None


class ChoiceForm(forms.Form):
    move = forms.ChoiceField(choices=Move.choices, error_messages={"required": _("Please choose one of the three.")})
