"""The entry point for ASGI servers."""

import os
from typing import Any

import django
from django.core.handlers.asgi import ASGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup(set_prefix=False)


class OneThread(ASGIHandler):
    """Whatever is not asynchronous is done in one thread, which keeps its connection to the database (`CONN_MAX_AGE`).

    Django's own handler gives each request a thread, and with it a new connection: on PostgreSQL pages and polls then
    take twice as long, and connections that are to be kept pile up. Start as many processes as there is work for.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self.handle(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


application = OneThread()
