"""What must exist before the first request: the database's tables, and a directory for each kind."""

import logging

from django.conf import settings
from django.core.management import call_command
from django.db import Error, connections

from uploads.models import Kind
from uploads.storage import make_directory

logger = logging.getLogger(__name__)


def prepare():
    """Prepare the platform for requests. Raises `SystemExit` if the database can't be used."""
    try:
        _prepare_database()
    except (OSError, Error) as error:
        raise SystemExit(f"connect: the database {settings.DATABASE_FILE} can't be used: {error}") from error
    _prepare_directories()


def _prepare_database():
    """Create the database if it doesn't exist, and bring its tables up to date."""
    settings.DATABASE_FILE.touch(mode=0o640)
    call_command("migrate", interactive=False, verbosity=0)
    connections.close_all()  # SQLite forbids carrying a connection over a fork


def _prepare_directories():
    """Create a directory for each kind. A failure doesn't end the boot: /healthz reports it."""
    try:
        for kind in Kind.values:
            make_directory(settings.MEDIA_ROOT / kind)
    except OSError as error:
        logger.warning("the media root is not ready: %s", error)
