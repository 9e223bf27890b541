"""Settings of the demo site.

Everything that differs from one machine to the next comes from the environment:

DATABASE_URL                  a PostgreSQL (or SQLite) address; absent: SQLite in `var/`
CELERY_BROKER_URL             absent: a Redis or Valkey server on its usual port
DJANGO_SECRET_KEY             absent: this is a developer's machine, so DEBUG is on
DJANGO_DEBUG                  1 or 0, overrides the rule above
DJANGO_ALLOWED_HOSTS          host names, separated by commas
DJANGO_CSRF_TRUSTED_ORIGINS   origins with their scheme, separated by commas
DJANGO_LOG_LEVEL              INFO unless given
SYNCGROUPS_PUSH               dotted path of a notifier; absent: pages poll
"""

import os
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _


def flag(name: str, *, default: bool) -> bool:
    """Read an environment variable as yes or no."""
    value = os.environ.get(name, "").strip().lower()
    return value in {"1", "true", "yes", "on"} if value else default


def words(name: str) -> list[str]:
    """Read an environment variable as a list separated by commas."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

# Security. A site in production has a secret key; with DEBUG on, Django answers to localhost only.

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "")
DEBUG = flag("DJANGO_DEBUG", default=not SECRET_KEY)
ALLOWED_HOSTS = words("DJANGO_ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = words("DJANGO_CSRF_TRUSTED_ORIGINS")

if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured("With DEBUG off, DJANGO_SECRET_KEY must be set to a long random string.")
    SECRET_KEY = "insecure-key-for-development-only"  # noqa: S105

if not DEBUG:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# Application

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    # Before staticfiles: with it, runserver serves static files as gunicorn does.
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "syncgroups",
    "project.shared",
    "project.demo",
    "project.quorum",
    "project.regrouping",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
ASGI_APPLICATION = "project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "project.shared.demos.current",
            ],
        },
    },
]

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

# Swagger UI from this site, and from nowhere else.
SPECTACULAR_SETTINGS = {
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # It would describe the demos' pages, too.
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Database

if "DATABASE_URL" not in os.environ:
    VAR_DIR.mkdir(exist_ok=True)

DATABASE = dj_database_url.config(default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")

if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    # A transaction takes the write lock as it begins: to read, decide and write is then safe, and
    # writers wait for one another instead of failing.
    DATABASE["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # A file, because threads and worker processes share it with the tests; in memory they could not.
    DATABASE["TEST"] = {"NAME": str(Path(DATABASE["NAME"]).with_name("test.sqlite3"))}
else:
    DATABASE["CONN_MAX_AGE"] = 60
    DATABASE["CONN_HEALTH_CHECKS"] = True

DATABASES = {"default": DATABASE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Celery

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "redis://localhost:6379/0")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
# A broker that does not answer must not keep an arriving participant waiting: the sweep catches up.
CELERY_BROKER_TRANSPORT_OPTIONS = {"max_retries": 0, "interval_start": 0, "socket_connect_timeout": 1}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "syncgroups-sweep": {
        "task": "syncgroups.tasks.sweep",
        "schedule": 1.0,
        # A long backlog of sweeps has no value: the next one does the same work. Beat sets the hour and workers read
        # it, each by its own clock: were it a few seconds, a worker whose clock is ahead would throw away every sweep.
        "options": {"expires": 3600},
    },
    "demos-end-the-vanished": {
        "task": "project.shared.end_the_vanished",
        "schedule": 5.0,
        "options": {"expires": 3600},
    },
}
CELERY_IMPORTS = ["project.shared.absence"]

# Syncgroups

# Several windows of one browser can take part together: the URL says which participant a page belongs to.
SYNCGROUPS_PARTICIPANT_RESOLVER = "project.shared.players.participant_of_page"

SYNCGROUPS_PUSH = os.environ.get("SYNCGROUPS_PUSH", "")

# Language and time

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Static files

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# For developers, looked for where they are written, when they are asked for. To look at all of them takes a while.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
if not DEBUG:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

# Logging

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
    },
    # Django's own handlers are dropped: with them, every message of Django would appear twice.
    "loggers": {"django": {"propagate": True}},
    "root": {"handlers": ["console"], "level": os.environ.get("DJANGO_LOG_LEVEL", "INFO")},
}
