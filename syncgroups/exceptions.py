"""What can go wrong, as sentences. Each class inherits what callers of PsyNet or Django already catch."""

from typing import ClassVar

from django.db import OperationalError


class SyncGroupsError(Exception):
    """Anything that this app raises on purpose."""

    #: The HTTP status that tells a client what kind of error this is.
    status: ClassVar[int] = 409

    @property
    def code(self) -> str:
        """A stable name of the error for programs: ``NotInGroup`` becomes ``not_in_group``."""
        name = type(self).__name__
        return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


class BarrierNotRegistered(SyncGroupsError, LookupError):
    """No barrier of that id is registered."""

    status = 404


class BarrierAlreadyRegistered(SyncGroupsError, ValueError):
    """Another barrier is registered under that id."""


class ImpossibleDeclaration(SyncGroupsError, ValueError):
    """A barrier was declared with parameters that can never work."""


class BadProposal(SyncGroupsError, ValueError):
    """A grouper proposed a group that cannot be stored; nobody was moved."""


class ImpureRule(SyncGroupsError, RuntimeError):
    """A rule queried the database while it was deciding."""


class NoGrouper(SyncGroupsError, LookupError):
    """There is no grouper to which members of a group could be sent back."""


class NoExtensionLeft(SyncGroupsError, RuntimeError):
    """The participant has asked for more time as often as the barrier allows."""


class InvalidVisit(SyncGroupsError, ValueError):
    """The name of a visit cannot be stored."""

    status = 404


class ParticipantNotActive(SyncGroupsError, RuntimeError):
    """The participant has failed, finished or left, and can no longer take part."""

    status = 403


class AlreadyInGroup(SyncGroupsError, RuntimeError):
    """The participant is in an active group of the type that is about to be formed."""


class NotInGroup(SyncGroupsError, LookupError):
    """The participant has no active group of the type that is asked for."""


class AmbiguousGroup(SyncGroupsError, RuntimeError):
    """The participant is in several active groups, and the type was not named."""


class GroupNotActive(SyncGroupsError, RuntimeError):
    """The group is closed."""


class GroupPaused(SyncGroupsError, RuntimeError):
    """A researcher holds the group."""


class GroupFull(SyncGroupsError, RuntimeError):
    """The group has no room for another member."""


class WrongCohort(SyncGroupsError, RuntimeError):
    """The two belong to different cohorts, which never mix."""

    status = 403


class NotWaiting(SyncGroupsError, RuntimeError):
    """The participant is not waiting at that barrier."""


class NothingToDo(SyncGroupsError, RuntimeError):
    """What a researcher asks for is so already, or cannot be any longer."""


class ChangedMeanwhile(SyncGroupsError, RuntimeError):
    """What a researcher is about to change is no longer as they saw it; nothing was done."""


class ReasonRequired(SyncGroupsError, ValueError):
    """Nobody's course is changed without a reason."""

    status = 400


class ImpossibleOrder(SyncGroupsError, ValueError):
    """What a researcher asks for makes no sense."""

    status = 400


class SpoiledTransaction(SyncGroupsError, RuntimeError):
    """Code of the site hid a database error, after which nothing of its transaction can be stored."""


class Contended(SyncGroupsError, RuntimeError):
    """Others kept changing the same rows; nothing was done, and trying again is safe."""


class DatabaseBusy(SyncGroupsError, OperationalError):
    """The database was given less time than it would have needed; nothing was done, and trying again is safe."""

    status = 503


class PushNotOffered(SyncGroupsError, RuntimeError):
    """There is no stream here, and there will be none: polling is what is left."""

    status = 406


class TooManyStreams(SyncGroupsError, RuntimeError):
    """The process, or the participant, has as many streams as it may."""

    status = 503


class ExtraMissing(SyncGroupsError, ImportError):
    """What was asked for needs a package that the site has not installed."""


class OutputExists(SyncGroupsError, FileExistsError):
    """There is something already where the output was to go."""


class InvalidToken(SyncGroupsError, PermissionError):
    """The credentials are missing, forged, expired or belong to nobody here."""

    status = 401
