"""What players may send."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Move


class ChoiceForm(forms.Form):
    move = forms.ChoiceField(choices=Move.choices, error_messages={"required": _("Please choose one of the three.")})
