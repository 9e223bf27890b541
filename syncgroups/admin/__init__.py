"""The researcher's pages in Django's admin. They show; what they change, they change through the front door.

A site with a participant model of its own registers it with a subclass of `ParticipantAdmin`.
"""

from django.contrib import admin

from ..models import (
    AuditEntry,
    BarrierRecord,
    Participant,
    ParticipantLinkBarrier,
    ParticipantLinkSyncGroup,
    SyncGroup,
    WakeUp,
)
from .audit import AuditAdmin
from .barriers import BarrierRecordAdmin, WakeUpAdmin
from .groups import SyncGroupAdmin
from .memberships import MembershipAdmin
from .participants import ParticipantAdmin
from .visits import VisitAdmin

__all__ = [
    "AuditAdmin",
    "BarrierRecordAdmin",
    "MembershipAdmin",
    "ParticipantAdmin",
    "SyncGroupAdmin",
    "VisitAdmin",
    "WakeUpAdmin",
]

if not Participant._meta.swapped:
    admin.site.register(Participant, ParticipantAdmin)
admin.site.register(SyncGroup, SyncGroupAdmin)
admin.site.register(ParticipantLinkSyncGroup, MembershipAdmin)
admin.site.register(ParticipantLinkBarrier, VisitAdmin)
admin.site.register(BarrierRecord, BarrierRecordAdmin)
admin.site.register(AuditEntry, AuditAdmin)
admin.site.register(WakeUp, WakeUpAdmin)
