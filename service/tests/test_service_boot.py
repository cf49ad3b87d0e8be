"""How the platform starts and stops: a real Gunicorn, on a port of this machine."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import call_command

from pictures import END, part, picture

SERVICE = Path(__file__).resolve().parent.parent
TOKEN = "never-to-be-logged"


@pytest.fixture(name="surroundings")
def _surroundings(tmp_path):
    """The environment of a new deployment: empty directories, a token."""
    for name in ("media", "database"):
        (tmp_path / name).mkdir()
    return {
        "PATH": os.environ["PATH"],
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "connect.settings",
        "CONNECT_API_TOKEN": TOKEN,
        "CONNECT_MEDIA_ROOT": str(tmp_path / "media"),
        "CONNECT_DATABASE_DIR": str(tmp_path / "database"),
    }


def _start(environment):
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--worker-tmp-dir", "/tmp"]
    return subprocess.Popen(
        command, cwd=SERVICE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _await_port(process):
    """Read the log up to the line that names the port."""
    for line in process.stdout:
        if found := re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", line):
            return int(found.group(1))
    pytest.fail("the platform ended before it listened")


@contextlib.contextmanager
def _running(environment):
    """Run a platform; yield it and its port."""
    with _start(environment) as process:
        try:
            yield process, _await_port(process)
        finally:
            process.kill()


def _ask(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def _upload(port):
    body = part(picture(), 'name="file"; filename="a.jpg"') + END
    content_type = f"multipart/form-data; boundary={END[2:-4].decode()}"
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {TOKEN}"}
    return _ask(port, "POST", "/api/avatars/", body, **headers)


def test_a_new_deployment_takes_uploads(surroundings):
    with _running(surroundings) as (_, port):
        assert _ask(port, "GET", "/healthz") == (200, b'{"status": "ok"}')
        assert _upload(port)[0] == 201


def test_the_directories_of_all_kinds_are_there_from_the_start(surroundings):
    with _running(surroundings):
        found = sorted(os.listdir(surroundings["CONNECT_MEDIA_ROOT"]))

    assert found == ["avatars", "event_banners", "profile_pictures"]


def test_what_was_accepted_survives_sigkill(surroundings):
    with _running(surroundings) as (process, port):
        _upload(port)
        process.kill()
    with _running(surroundings) as (_, port):
        assert _ask(port, "GET", "/media/avatars/a.jpg") == (200, picture())
        assert b"avatars/a.jpg" in _ask(port, "GET", "/api/avatars/", Authorization=f"Bearer {TOKEN}")[1]


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
@pytest.mark.parametrize(("token", "status"), [("wrong", 401), (TOKEN, 413)])
def test_a_client_that_sends_too_much_reads_why_it_is_refused(surroundings, connection, token, status):
    headers = {"Connection": connection, "Authorization": f"Bearer {token}"}
    with _running(surroundings) as (_, port):
        answer = _ask(port, "POST", "/api/avatars/", b"x" * 12_000_000, **headers)

    assert (answer[0], b"error" in answer[1]) == (status, True)


def test_a_wrong_token_is_refused_before_the_body_has_come(surroundings):
    with _running(surroundings) as (_, port), socket.create_connection(("127.0.0.1", port), 20) as client:
        client.sendall(b"POST /api/avatars/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")

        assert client.recv(100).startswith(b"HTTP/1.1 401 "), "it waits for a body that it won't use"


def test_the_token_is_not_logged(surroundings):
    with _running(surroundings) as (process, port):
        _upload(port)
        process.terminate()
        log = process.stdout.read()

    assert '"POST /api/avatars/ HTTP/1.1" 201' in log, "the upload itself has to be logged"
    assert TOKEN not in log


def test_an_idle_platform_does_not_wait_out_its_grace_period(surroundings):
    grace = 8  # graceful_timeout of gunicorn.conf.py: what a busy one is given
    with _running(surroundings) as (process, port):
        _ask(port, "GET", "/healthz")
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=20)

    assert status == 0, "a requested stop is no failure"
    assert time.monotonic() - start < grace, "it waited for requests that nobody had sent"


def _fail_to_start(environment):
    with _start(environment) as process:
        output = process.communicate(timeout=30)[0]
    return process.returncode, output.splitlines()


@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_it_says_so_in_one_line_and_ends(surroundings, token):
    del surroundings["CONNECT_API_TOKEN"]
    if token is not None:
        surroundings["CONNECT_API_TOKEN"] = token
    status, lines = _fail_to_start(surroundings)

    assert status == 1
    assert len(lines) == 1, f"one line says it best: {lines}"
    assert lines[0].startswith("connect: CONNECT_API_TOKEN is not set."), lines


@pytest.mark.parametrize("value", ["0", "-1", "10MB", "1.5", "²"])
def test_a_limit_that_is_no_number_is_told(surroundings, value):
    status, lines = _fail_to_start(surroundings | {"CONNECT_MAX_UPLOAD_BYTES": value})

    assert status == 1
    assert "CONNECT_MAX_UPLOAD_BYTES must be a whole number" in lines[-1], lines


def test_a_database_that_cannot_be_used_is_told(surroundings, tmp_path):
    status, lines = _fail_to_start(surroundings | {"CONNECT_DATABASE_DIR": str(tmp_path / "missing")})

    assert status == 1
    assert "connect: the database" in lines[-1], lines
    assert "can't be used: [Errno 2] No such file or directory" in lines[-1], lines


def test_a_media_root_that_cannot_be_used_does_not_keep_it_from_starting(surroundings, tmp_path):
    with _running(surroundings | {"CONNECT_MEDIA_ROOT": str(tmp_path / "missing")}) as (_, port):
        status, answer = _ask(port, "GET", "/healthz")

    assert (status, b"media root" in answer) == (503, True), "who repairs it needs a running container"


def test_the_tables_fit_the_models(database):  # noqa: ARG001
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
