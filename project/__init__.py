"""The demo site: a Django project that uses syncgroups as any site would."""

from .celery import app as celery_app

__all__ = ["celery_app"]
