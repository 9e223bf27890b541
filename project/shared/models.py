"""What participants answered."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from syncgroups.conf import settings


class AnswerQuerySet(models.QuerySet[Any]):
    def keep(self, participant: models.Model, question: str, value: Any) -> Answer:
        """Store an answer. The first one counts, however often a form is sent."""
        answer: Answer = self.get_or_create(participant=participant, question=question, defaults={"value": value})[0]
        return answer

    def to(self, question: str, *, among: Any) -> list[Any]:
        """What these participants answered to the question, first come first."""
        return list(
            self.filter(question=question, participant__in=among).order_by("pk").values_list("value", flat=True)
        )


class Answer(models.Model):
    """What one participant answered to one question, in whatever demo. Never changed."""

    participant: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.PARTICIPANT_MODEL, verbose_name=_("participant"), on_delete=models.PROTECT, related_name="answers"
    )
    question = models.CharField(_("question"), max_length=100)
    value = models.JSONField(_("answer"))
    creation_time = models.DateTimeField(_("answered at"), db_default=Now(), editable=False)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = (
            models.UniqueConstraint(
                fields=["participant", "question"],
                name="shared_one_answer_per_question",
                violation_error_message=_("The participant has answered this question already."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.participant_id} to '{self.question}': {self.value}"
