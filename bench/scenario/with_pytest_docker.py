"""The media survive a deploy and a disaster, tested with pytest-docker, in the way of its documentation.

It lies in the folder `tests` of the deployment. `UP` in the environment is how Compose brings the deployment up:
without it, as pytest-docker does by default, which waits for Compose's health check.
"""

import hashlib
import os
import subprocess
from datetime import date
from pathlib import Path

import pytest
import requests

PROJECT = Path(__file__).parents[1]
PICTURES = sorted(PROJECT.glob("pictures/*/*"))
TOKEN = os.environ["CONNECT_API_TOKEN"]
UP = os.environ.get("UP", "up --build --wait")


@pytest.fixture(scope="session")
def docker_compose_file():
    return str(PROJECT / "docker-compose.yml")


@pytest.fixture(scope="session")
def docker_setup():
    return [UP]


@pytest.fixture(scope="session")
def compose(docker_compose_file, docker_compose_project_name):
    """Run `docker compose` for the deployment and return what it prints."""

    def run(*args):
        command = ["docker", "compose", "-f", docker_compose_file, "-p", docker_compose_project_name, *args]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    return run


@pytest.fixture(scope="session")
def platform(docker_ip, docker_services):
    """The address of the platform, up and responsive."""
    port = docker_services.port_for("web-project", 8000)
    url = f"http://{docker_ip}:{port}"
    wait_until_ready(docker_services, url)
    return url


def wait_until_ready(docker_services, url):
    docker_services.wait_until_responsive(timeout=30.0, pause=0.1, check=lambda: is_responsive(url))


def is_responsive(url):
    try:
        return requests.get(f"{url}/healthz", timeout=1).status_code == 200
    except (requests.ConnectionError, requests.Timeout):
        return False


def docker_run(*args):
    """Run a container to its end and return what it prints."""
    return subprocess.run(["docker", "run", "--rm", *args], check=True, capture_output=True, text=True).stdout


def read_volume():
    """Return the SHA-256 of each file in the volume, by its path."""
    command = ["find", ".", "-type", "f", "-exec", "sha256sum", "{}", "+"]
    printed = docker_run("-v", "media_volume:/media:ro", "--workdir=/media", "ubuntu", *command)
    return {path.removeprefix("./"): digest for digest, path in (line.split("  ", 1) for line in printed.splitlines())}


def upload(session, platform, picture):
    """Upload a picture and return the path below the media root under which the platform keeps it."""
    with picture.open("rb") as content:
        response = session.post(f"{platform}/api/{picture.parent.name}/", files={"file": content}, timeout=30)
    assert response.status_code == 201, response.text
    return response.json()["path"]


def test_media_survive_a_deploy_and_a_disaster(platform, docker_services, compose):
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        uploaded = {upload(session, platform, picture): sha256(picture) for picture in PICTURES}
    assert len(uploaded) == 12

    container = compose("ps", "--quiet", "web-project")
    compose(*UP.split(), "--force-recreate", "web-project")
    wait_until_ready(docker_services, platform)
    assert compose("ps", "--quiet", "web-project") != container
    assert read_volume() == uploaded

    archive = f"/backup/media_backup_{date.today():%Y%m%d}.tar.gz"  # noqa: DTZ011 - the day on this machine
    backups = ["-v", f"{PROJECT}/backups:/backup"]
    docker_run("-v", "media_volume:/source", *backups, "ubuntu", "tar", "-czvf", archive, "-C", "/source", ".")

    wipe = "find /media -mindepth 1 -delete && find /media -type f"
    left = docker_run("-v", "media_volume:/media", "ubuntu", "bash", "-c", wipe)
    assert left == ""

    restore = f"mkdir -p /destination && tar -xzvf {archive} -C /destination"
    docker_run("-v", "media_volume:/destination", *backups, "ubuntu", "bash", "-c", restore)
    assert read_volume() == uploaded


def sha256(picture):
    return hashlib.sha256(picture.read_bytes()).hexdigest()
