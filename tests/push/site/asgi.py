"""Served as Django serves by itself: each request has a thread of its own."""

from django.core.asgi import get_asgi_application

application = get_asgi_application()
