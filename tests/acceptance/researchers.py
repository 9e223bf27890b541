"""What the tests of the researchers' pages and API start from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from syncgroups import testing
from syncgroups.barriers import GroupBarrier
from syncgroups.groupers import SimpleGrouper
from syncgroups.models import (
    AuditEntry,
    BarrierRecord,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    WakeUp,
    get_participant_model,
)

MODELS: list[Any] = [
    get_participant_model(),
    SyncGroup,
    ParticipantLinkSyncGroup,
    ParticipantLinkBarrier,
    BarrierRecord,
    WakeUp,
]

#: What the API tells of, by the name of the resource.
READABLE: dict[str, Any] = {
    "participant": get_participant_model(),
    "group": SyncGroup,
    "barrier": BarrierRecord,
    "visit": ParticipantLinkBarrier,
    "audit": AuditEntry,
}


def declarations(**kwargs: Any) -> list[Any]:
    """A grouper of pairs, and a barrier that a pair passes together."""
    return [
        SimpleGrouper("rps", initial_group_size=2, max_wait_time=600),
        GroupBarrier("choice_made", "rps", max_wait_time=600, **kwargs),
    ]


@dataclass
class Scene:
    """Pairs of which one member waits at `choice_made` for the other, each pair in a cohort of its own."""

    pairs: list[list[Any]] = field(default_factory=list)

    @property
    def waiter(self) -> Any:
        return self.pairs[0][0]

    @property
    def absentee(self) -> Any:
        return self.pairs[0][1]

    @property
    def group(self) -> SyncGroup:
        return SyncGroup.objects.get(participant_links__participant=self.waiter)

    @property
    def visit(self) -> ParticipantLinkBarrier:
        visits = ParticipantLinkBarrier.objects.select_related("participant")
        visit: ParticipantLinkBarrier = visits.get(participant=self.waiter, barrier_id="choice_made")
        return visit

    @property
    def record(self) -> BarrierRecord:
        return BarrierRecord.objects.get(barrier_id="choice_made", cohort=self.waiter.cohort)


def pairs_waiting(n: int, *, start: int = 0) -> Scene:
    """See `Scene`. The barriers are declared by the caller."""
    scene = Scene()
    for number in range(start, start + n):
        cohort = f"c{number}"
        pair = testing.make_participants(2, cohort=cohort)
        testing.arrive_all(pair, "rps_grouper")
        testing.process("rps_grouper", cohort)
        testing.arrive_all(pair[:1], "choice_made")
        testing.process("choice_made", cohort)
        WakeUp.objects.create(barrier_id="choice_made", cohort=cohort, sync_group=pair[0].sync_group)
        scene.pairs.append(pair)
    return scene


def staff(name: str = "ada", *permissions: str, password: str | None = None, **fields: Any) -> User:
    """A member of staff with permissions such as ``change_syncgroup``. Hashing a password takes its time."""
    user = User.objects.create_user(name, password=password, is_staff=True, **fields)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert user.user_permissions.count() == len(permissions), permissions
    return user


def reader(name: str = "ada", **fields: Any) -> User:
    """Somebody who may read whatever there is, change nothing, and not enter the admin."""
    user = staff(name, *(f"view_{model._meta.model_name}" for model in READABLE.values()), **fields)
    User.objects.filter(pk=user.pk).update(is_staff=False)
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def list_url(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_url(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def act(client: Client, action: str, *rows: Any, **more: Any) -> Any:
    """Choose rows in a list, and an action. Follows redirects."""
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    return client.post(list_url(rows[0]), data, follow=True)


def confirm(client: Client, action: str, *rows: Any, reason: str = "testing", **more: Any) -> Any:
    """As `act`, with the page between."""
    return act(client, action, *rows, confirmed="1", reason=reason, **more)


def said(response: Any) -> str:
    """The messages that a page shows."""
    return " ".join(str(message) for message in response.context["messages"])


def queries(work: Callable[[], Any]) -> int:
    """How many queries it makes once everything that is cached is cached."""
    work()
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)
