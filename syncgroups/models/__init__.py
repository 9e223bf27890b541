"""What is stored. The verbs on these classes are one-line calls of the front door (`syncgroups.arrivals`)."""

from .audit import AuditEntry
from .barriers import BarrierRecord, ParticipantLinkBarrier, WakeUp
from .groups import ParticipantLinkSyncGroup, SimpleSyncGroup, SyncGroup
from .heartbeats import Heartbeat
from .participants import AbstractParticipant, Participant, all_participants, get_participant_model
from .presence import PresenceInterval

__all__ = [
    "AbstractParticipant",
    "AuditEntry",
    "BarrierRecord",
    "Heartbeat",
    "Participant",
    "ParticipantLinkBarrier",
    "ParticipantLinkSyncGroup",
    "PresenceInterval",
    "SimpleSyncGroup",
    "SyncGroup",
    "WakeUp",
    "all_participants",
    "get_participant_model",
]
