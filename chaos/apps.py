from functools import partial
from typing import Any

from celery import signals as of_celery
from django.apps import AppConfig

from .daggers import AFTER_ARRIVAL, strike
from .history import tell


class ChaosConfig(AppConfig):
    name = "chaos"

    def ready(self) -> None:
        """Write down what this process does and announces."""
        from syncgroups import signals

        keep: dict[str, Any] = {"weak": False}
        signals.arrived.connect(_arrived, **keep)
        signals.released.connect(partial(_announced, "released"), **keep)
        signals.timed_out.connect(partial(_announced, "timed_out"), **keep)
        signals.regrouped.connect(partial(_announced, "regrouped"), **keep)
        of_celery.worker_ready.connect(_ready, **keep)
        of_celery.task_prerun.connect(_begun, **keep)
        of_celery.task_postrun.connect(_ended, **keep)
        of_celery.task_revoked.connect(_thrown_away, **keep)


def _arrived(sender: Any, link: Any, **rest: Any) -> None:
    tell("arrived", visit=link.pk, participant=link.participant_id, barrier=link.barrier_id)
    strike(AFTER_ARRIVAL)


def _announced(outcome: str, sender: Any, **facts: Any) -> None:
    told = {name: facts[name] for name in ("barrier_id", "cohort", "participants", "group")}
    tell("announced", outcome=outcome, **told)


def _begun(task_id: str, task: Any, args: Any, **rest: Any) -> None:
    tell("task", phase="begun", id=task_id, name=task.name, args=args)


def _ended(task_id: str, task: Any, state: str, **rest: Any) -> None:
    tell("task", phase="ended", id=task_id, name=task.name, state=state)


def _thrown_away(sender: Any, request: Any, expired: bool, **rest: Any) -> None:
    tell("task", phase="expired" if expired else "revoked", id=request.id, name=sender.name)


def _ready(**rest: Any) -> None:
    tell("ready")
