"""What /healthz says, and how the container's health check reads it."""

import http.server
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

HEALTHCHECK = Path(__file__).resolve().parent.parent / "healthcheck.py"


def test_a_platform_that_can_work_is_healthy(client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_asking_for_health_writes_nothing(client, media):
    client.get("/healthz")

    assert os.listdir(media) == []


def test_a_lost_database_is_unhealthy(client, database):
    database.unlink()
    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json()["error"].startswith("The database doesn't answer: "), answer.content


def test_an_empty_database_is_unhealthy(client, database):
    database.write_bytes(b"")

    assert "no such table" in client.get("/healthz").json()["error"]


def test_a_media_root_that_cannot_be_written_is_unhealthy(client, monkeypatch):
    monkeypatch.setattr("uploads.views.os.access", lambda _, mode: not mode & os.W_OK)
    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert "can't write to the media root" in answer.json()["error"]


def test_a_missing_media_root_is_unhealthy(client, media):
    media.rmdir()

    assert client.get("/healthz").status_code == 503


@pytest.fixture(name="port_answering")
def _port_answering():
    """Starts a web server on this machine that answers each request with one status; returns its port."""
    servers = []

    def _start(status):
        class _Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(f"{status} {self.path}".encode())

            def log_message(self, *_):
                pass

        servers.append(http.server.HTTPServer(("127.0.0.1", 0), _Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return servers[-1].server_port

    yield _start
    for server in servers:
        server.shutdown()
        server.server_close()


def _check(port):
    command = [sys.executable, "-I", "-S", "-E", str(HEALTHCHECK), str(port)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize(("status", "verdict"), [(200, 0), (503, 1), (404, 1)])
def test_the_health_check_believes_only_200(port_answering, status, verdict):
    result = _check(port_answering(status))

    assert (result.returncode, result.stdout) == (verdict, f"{status} /healthz\n"), result.stderr


def test_the_health_check_says_when_nobody_answers():
    with socket.socket() as reserved:  # bound, but not listening
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        result = _check(port)

    assert result.returncode == 1
    assert result.stdout.startswith(f"no answer on port {port}: "), result.stderr
