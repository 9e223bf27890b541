"""Every setting, with its default. A site overrides ``X`` by ``SYNCGROUPS_X`` in its own settings."""

from typing import Any

from django.conf import settings as django_settings


class Settings:
    #: Model that stands at barriers, as "app_label.Model". Decide before the first migration.
    PARTICIPANT_MODEL: str = "syncgroups.Participant"

    #: Dotted path of a callable ``(request) -> participant or None`` that says who is asking.
    PARTICIPANT_RESOLVER: str = "syncgroups.identity.participant_from_token"

    #: Seconds for which a participant's signed token is good.
    TOKEN_MAX_AGE: float = 12 * 60 * 60

    #: Seconds that a waiting page lets pass between two polls.
    POLL_INTERVAL: float = 1.0

    #: Seconds between two writes of ``last_seen_at``; signs of life in between are not stored.
    LAST_SEEN_INTERVAL: float = 5.0

    #: Seconds without a sign of life after which a participant is quiet: not matched, until they are back.
    QUIET_AFTER: float = 20.0

    #: Seconds without a sign of life after which a participant is gone: absent, for those who wait for them.
    GONE_AFTER: float = 90.0

    #: Seconds that are added to both while the page says that it is hidden: browsers stop its timers.
    HIDDEN_GRACE: float = 120.0

    #: Dotted path of a notifier class, whose hints spare pages the wait for their next poll; empty: they only poll.
    PUSH: str = ""

    #: Address of the Redis or Valkey server that carries hints; empty: the one of ``CELERY_BROKER_URL``.
    PUSH_URL: str = ""

    #: Seconds that a waiting page that hears hints lets pass between two polls.
    PUSH_POLL_INTERVAL: float = 10.0

    #: Dotted path of a callable ``(user) -> None or a set of cohorts`` that the API shows to a researcher; empty: all.
    COHORTS_OF_USER: str = ""

    #: How often each participant may poll, e.g. "300/min"; empty: without end.
    POLL_RATE: str = "300/min"

    #: How often each participant may arrive, ask for more time or leave through the API; empty: without end.
    ARRIVAL_RATE: str = "60/min"

    #: Longest pause, in seconds, before a pass that failed is tried again (1, 2, 4 ... up to this).
    RETRY_MAX_INTERVAL: float = 60.0

    #: How many units of work one sweep takes on; the rest is left to the next one.
    SWEEP_LIMIT: int = 1000

    #: How many groups one sweep recounts.
    RECOUNT_LIMIT: int = 100

    #: What Prometheus says to be let in, as a bearer token; empty: only staff read metrics.
    METRICS_TOKEN: str = ""

    @property
    def broker_url(self) -> str:
        """Where Celery's settings, by their usual name, say that the broker is."""
        return str(getattr(django_settings, "CELERY_BROKER_URL", None) or "")

    @property
    def raises_errors(self) -> bool:
        """Whether the site wants errors that nobody foresaw to be raised, for whoever develops it or looks for them."""
        return bool(django_settings.DEBUG or django_settings.DEBUG_PROPAGATE_EXCEPTIONS)

    def __getattribute__(self, name: str) -> Any:
        default = object.__getattribute__(self, name)
        return getattr(django_settings, f"SYNCGROUPS_{name}", default) if name.isupper() else default


settings = Settings()
