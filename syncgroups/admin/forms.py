"""What researchers are asked for before something is done."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import registry
from ..models import ParticipantLinkBarrier, ParticipantLinkSyncGroup, SyncGroup, all_participants
from ..operating import LONGEST
from ..states import ParticipantStatus

#: How many people or groups a list offers.
OFFERED = 200


class Offered(ModelChoiceIterator):
    """The first so many. Whoever else fits can be named by a link or a program, and is found all the same."""

    def __iter__(self) -> Any:
        self.queryset = self.queryset[:OFFERED]
        yield from super().__iter__()


class Choice(forms.ModelChoiceField):
    iterator = Offered

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=None, **kwargs)

    def label_from_instance(self, row: Any) -> str:
        return gettext("%(name)s, waiting") % {"name": row} if getattr(row, "waits", False) else str(row)


class ReasonForm(forms.Form):
    """Why. Stored, and shown to the participant where a participation ends."""

    #: Django's admin prints labels of this class in bold.
    required_css_class = "required"

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=_("Required. Stored in the audit and with what ends. Participants may read it."),
    )

    #: What is asked for besides comes before the reason.
    field_order: Any = ["minutes", "text", "participant", "to", "into", "then", "reason"]

    def __init__(self, *args: Any, rows: Any = (), may_end: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        #: Whether the user may end participations.
        self.may_end = may_end

    def choose(self, name: str, rows: QuerySet[Any]) -> None:
        """Offer these rows. Of several chosen rows the first one says who fits; the others refuse who does not."""
        cast(Choice, self.fields[name]).queryset = rows


class MoreTimeForm(ReasonForm):
    minutes = forms.FloatField(
        label=_("Minutes"),
        min_value=0.1,
        max_value=LONGEST / 60,
        initial=5,
        help_text=_("How much longer those who wait now may do so."),
    )


class MessageForm(ReasonForm):
    text = forms.CharField(
        label=_("Message"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=_("Shown on the waiting pages of those who wait now. Empty takes the last one away."),
    )


class MemberForm(ReasonForm):
    participant = Choice(
        label=_("Participant"),
        help_text=_("Those of the cohort who are in no such group; who waits for one comes first."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("participant", groupless(self.rows[0]))


class MoveForm(ReasonForm):
    to = Choice(label=_("To group"), help_text=_("Active groups of the same type."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("to", other_groups(self.rows[0].sync_group))


class ReplaceForm(ReasonForm):
    into = Choice(
        label=_("By"),
        help_text=_("Those of the cohort who are in no such group; who waits for one comes first."),
    )
    then = forms.ChoiceField(
        label=_("Who is replaced"),
        choices=[
            ("left", _("leaves without fault, with the credit earned")),
            ("failed", _("fails")),
            ("working", _("takes part as before, without this group")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("into", groupless(self.rows[0].sync_group))

    def clean_then(self) -> str:
        then: str = self.cleaned_data["then"]
        if then != ParticipantStatus.WORKING and not self.may_end:
            told = gettext("You may not end participations: who is replaced has to go on taking part.")
            raise forms.ValidationError(told)
        return then


def groupless(group: SyncGroup) -> QuerySet[Any]:
    """Active participants of the group's cohort who are in no group of its type; those who wait for one come first."""
    groupers = [grouper.id for grouper in registry.groupers_of(group.group_type)]
    waits = ParticipantLinkBarrier.objects.waiting().filter(participant=OuterRef("pk"), barrier_id__in=groupers)
    memberships = ParticipantLinkSyncGroup.objects.active().filter(participant=OuterRef("pk"))
    people = all_participants().active().in_cohort(group.cohort)
    fitting = people.exclude(Exists(memberships.filter(group_type=group.group_type)))
    people_in_order: QuerySet[Any] = fitting.annotate(waits=Exists(waits)).order_by("-waits", "pk")
    return people_in_order


def other_groups(group: SyncGroup) -> QuerySet[Any]:
    groups = SyncGroup.objects.active().of_type(group.group_type).in_cohort(group.cohort)
    others: QuerySet[Any] = groups.exclude(pk=group.pk).order_by("pk")
    return others
