"""The platform in this process: Django set up, an empty media root and an empty database for each test."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

SERVICE = Path(__file__).resolve().parent.parent
TOKEN = "sesame-öffne-dich"

sys.path.insert(0, str(SERVICE))

# Django reads its settings once. Afterwards the environment is as it was: other suites may share the process.
with pytest.MonkeyPatch.context() as environment, tempfile.TemporaryDirectory() as directory:
    environment.setenv("DJANGO_SETTINGS_MODULE", "connect.settings")
    environment.setenv("CONNECT_API_TOKEN", TOKEN)
    environment.setenv("CONNECT_MEDIA_ROOT", directory)
    environment.setenv("CONNECT_DATABASE_DIR", directory)
    import connect.wsgi  # noqa: F401 - sets Django up, as it does for Gunicorn

from django.conf import settings
from django.db import connections
from django.test import Client

from connect import boot


@pytest.fixture(scope="session", name="migrated")
def _migrated(tmp_path_factory):
    """A database with all tables and no rows, made once."""
    file = tmp_path_factory.mktemp("migrated") / "connect.sqlite3"
    with pytest.MonkeyPatch.context() as patch:
        _use_database(patch, file)
        boot._prepare_database()
    return file


def _use_database(patch, file):
    patch.setattr(settings, "DATABASE_FILE", file)
    patch.setitem(settings.DATABASES["default"], "NAME", f"{file.as_uri()}?mode=rw")
    patch.setitem(connections["default"].settings_dict, "NAME", f"{file.as_uri()}?mode=rw")
    connections.close_all()


@pytest.fixture(name="database")
def _database(migrated, tmp_path, monkeypatch):
    """The database's file, empty and the test's own."""
    directory = tmp_path / "database"
    directory.mkdir()
    shutil.copy(migrated, directory)
    _use_database(monkeypatch, directory / migrated.name)
    yield directory / migrated.name
    connections.close_all()


@pytest.fixture(name="media")
def _media(tmp_path, monkeypatch):
    """The media root, empty and the test's own."""
    root = tmp_path / "media"
    root.mkdir()
    monkeypatch.setattr(settings, "MEDIA_ROOT", root)
    return root


@pytest.fixture(name="client")
def _client(media, database):  # noqa: ARG001 - they have to be there first
    """Somebody without the token."""
    return Client(raise_request_exception=False)


@pytest.fixture(name="member")
def _member(client):
    """Somebody with the token."""
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}".encode().decode("latin-1")
    return client


@pytest.fixture(name="settings_limit")
def _settings_limit(monkeypatch):
    """Sets how many bytes a file may have."""
    return lambda size: monkeypatch.setattr(settings, "MAX_UPLOAD_BYTES", size)
