"""What the players did."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from syncgroups.conf import settings
from syncgroups.models import SyncGroup


class Move(models.TextChoices):
    ROCK = "rock", _("Rock")
    PAPER = "paper", _("Paper")
    SCISSORS = "scissors", _("Scissors")

    def beats(self, other: str) -> bool:
        """Whether this move wins against the other one."""
        return BEATEN[self] == other


BEATEN = {Move.ROCK: Move.SCISSORS, Move.PAPER: Move.ROCK, Move.SCISSORS: Move.PAPER}


class ChoiceQuerySet(models.QuerySet[Any]):
    def of(self, participant: models.Model) -> ChoiceQuerySet:
        return self.filter(participant=participant)

    def unscored(self) -> ChoiceQuerySet:
        return self.filter(points=None)


class Choice(models.Model):
    """What one player chose in one round. Made once; scored once the others of the group have chosen, too."""

    participant = models.ForeignKey(
        settings.PARTICIPANT_MODEL, verbose_name=_("participant"), on_delete=models.PROTECT, related_name="choices"
    )
    group = models.ForeignKey(SyncGroup, verbose_name=_("group"), on_delete=models.PROTECT, related_name="choices")
    round = models.PositiveSmallIntegerField(_("round"))
    move = models.CharField(_("move"), max_length=10, choices=Move)
    points = models.PositiveSmallIntegerField(
        _("points"), null=True, blank=True, help_text=_("How many others it beat; empty until it is scored.")
    )
    creation_time = models.DateTimeField(_("chosen at"), db_default=Now(), editable=False)

    objects = ChoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("choice")
        verbose_name_plural = _("choices")
        constraints = (
            models.UniqueConstraint(
                fields=["participant", "group", "round"],
                name="demo_one_choice_per_round",
                violation_error_message=_("The participant has chosen in this round already."),
            ),
            models.CheckConstraint(
                name="demo_move_known", condition=Q(move__in=Move.values), violation_error_message=_("Unknown move.")
            ),
            models.CheckConstraint(
                name="demo_rounds_count_from_one",
                condition=Q(round__gte=1),
                violation_error_message=_("The first round has the number 1."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.participant_id} in round {self.round}: {self.get_move_display()}"

    def beats(self, other: Choice) -> bool:
        return Move(self.move).beats(other.move)
