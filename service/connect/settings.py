"""Settings of the platform. What a deployment can choose comes from the environment."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent


def _required(name):
    """Return an environment variable; without it the platform doesn't start."""
    value = os.environ.get(name, "")
    if not value:
        raise SystemExit(f"connect: {name} is not set. Set it in the service's environment and start again.")
    return value


def _number(name, default):
    """Return an environment variable that must be a whole number above 0."""
    value = os.environ.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or int(value) == 0:
        raise SystemExit(f"connect: {name} must be a whole number of bytes above 0, not {value!r}.")
    return int(value)


# The secret that clients send as `Authorization: Bearer ...`.
API_TOKEN = _required("CONNECT_API_TOKEN")
MAX_UPLOAD_BYTES = _number("CONNECT_MAX_UPLOAD_BYTES", 10 * 1024 * 1024)

MEDIA_ROOT = Path(os.environ.get("CONNECT_MEDIA_ROOT") or BASE_DIR / "media").absolute()
MEDIA_URL = "/media/"

# A directory and not just a file: SQLite keeps its write-ahead log beside the database.
DATABASE_DIR = Path(os.environ.get("CONNECT_DATABASE_DIR") or BASE_DIR / "database").absolute()
DATABASE_FILE = DATABASE_DIR / "connect.sqlite3"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        # Only the boot creates the file. If it is lost later, an empty one in its place would hide the loss.
        "NAME": f"{DATABASE_FILE.as_uri()}?mode=rw",
        # One connection for each request: an open one would continue to write into a deleted file.
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            # https://www.sqlite.org/pragma.html#pragma_synchronous: in WAL mode only FULL makes
            # each commit durable.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,  # seconds to wait for another writer
        },
    }
}

INSTALLED_APPS = ["uploads"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",  # X-Content-Type-Options: nosniff
    "uploads.answers.ExplainErrors",
]
ROOT_URLCONF = "connect.urls"
WSGI_APPLICATION = "connect.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},  # instead of mails to administrators
        "django.request": {"level": "ERROR"},  # refusals are in the access log already
    },
}
