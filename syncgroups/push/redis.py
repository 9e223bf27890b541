"""Hints by pub/sub of a Redis or Valkey server, through redis-py, which ``celery[redis]`` brings along."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

from ..conf import settings
from . import notifiers

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError:
    INSTALLED = False
else:
    INSTALLED = True

#: Seconds for which a server is waited for by those who send.
PATIENCE = 1.0

#: Seconds between two questions whether the server that is listened to is still there.
HEALTH_CHECK = 30


class Notifier(notifiers.Notifier):
    """The server is named by ``PUSH_URL``, or else it is Celery's broker."""

    def __init__(self) -> None:
        self.url = translated(settings.PUSH_URL or settings.broker_url)
        self._sender: Any = None

    def publish(self, messages: Sequence[str]) -> None:
        if self._sender is None:
            self._sender = self._client(socket_timeout=PATIENCE)
        with self._sender.pipeline(transaction=False) as pipeline:
            for message in messages:
                pipeline.publish(self._channel(self._sender), message)
            pipeline.execute()

    def listen(self) -> Generator[list[str], None, None]:
        client = self._client(health_check_interval=HEALTH_CHECK)
        with closing(client), closing(client.pubsub()) as hearing:
            hearing.subscribe(self._channel(client))
            begun = False
            while True:
                message = hearing.get_message(timeout=self.breath) or {"type": None}
                if message["type"] == "subscribe":
                    if begun:
                        raise ConnectionError(
                            "The connection was lost in between, and with it what was said meanwhile."
                        )
                    begun = True
                    yield []
                elif begun:
                    yield [message["data"]] if message["type"] == "message" else []

    def problems(self) -> Iterator[tuple[str, str]]:
        if not INSTALLED:
            yield "needs redis-py, which is not installed", 'Install "celery[redis]" or redis.'
        elif not re.match(r"(redis|rediss|unix)://", self.url):
            hint = "Name one by SYNCGROUPS_PUSH_URL, e.g. redis://localhost:6379/0."
            yield "needs a Redis or Valkey server, and CELERY_BROKER_URL names none", hint

    def _client(self, **options: Any) -> Any:
        once = Retry(NoBackoff(), 0)
        options |= {"decode_responses": True, "socket_connect_timeout": PATIENCE, "retry": once}
        return redis.Redis.from_url(self.url, **options)

    def _channel(self, client: Any) -> str:
        """Sites that share a server use databases of different numbers, which pub/sub does not tell apart."""
        return f"{self.channel}:{client.connection_pool.connection_kwargs.get('db', 0)}"


def translated(url: str) -> str:
    """An address as Celery writes it, as redis-py writes it."""
    url = re.sub(r"^redis\+socket:", "unix:", url).replace("virtual_host=", "db=")
    return re.sub(r"ssl_cert_reqs=CERT_(\w+)", lambda found: f"ssl_cert_reqs={found[1].lower()}", url)
