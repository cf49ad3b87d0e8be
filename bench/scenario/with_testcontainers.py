"""The media survive a deploy and a disaster, tested with testcontainers, in the way of its documentation.

It lies in the folder `tests` of the deployment. `PATIENCE` in the environment says how it waits: "compose", its
default, for Compose's health check and then as `wait_for` does; "poll" asks the platform ten times a second instead.
"""

import hashlib
import os
import subprocess
from datetime import date
from pathlib import Path

import pytest
import requests
from testcontainers.compose import DockerCompose
from testcontainers.core.docker_client import DockerClient
from testcontainers.core.wait_strategies import HttpWaitStrategy

PROJECT = Path(__file__).parents[1]
PICTURES = sorted(PROJECT.glob("pictures/*/*"))
TOKEN = os.environ["CONNECT_API_TOKEN"]
POLLS = os.environ.get("PATIENCE", "compose") == "poll"


@pytest.fixture(scope="session")
def compose():
    """The running deployment."""
    with DockerCompose(PROJECT, wait=not POLLS) as compose:
        yield compose


@pytest.fixture(scope="session")
def platform(compose):
    """The address of the platform, up and responsive."""
    host, port = compose.get_service_host_and_port("web-project", 8000)
    url = f"http://{host}:{port}"
    wait_until_ready(compose, url)
    return url


@pytest.fixture(scope="session")
def run():
    """Run a container of `ubuntu` to its end and return what it prints."""
    client = DockerClient().client

    def run(command, volumes, **options):
        return client.containers.run("ubuntu", command, volumes=volumes, remove=True, **options).decode()

    return run


def wait_until_ready(compose, url):
    if POLLS:
        strategy = HttpWaitStrategy.from_url(f"{url}/healthz").with_poll_interval(0.1)
        strategy.wait_until_ready(compose.get_container("web-project"))
    else:
        compose.wait_for(f"{url}/healthz")


def recreate(compose):
    """Recreate the service's container; DockerCompose has no method for it."""
    how = "--detach" if POLLS else "--wait"
    command = [*compose.compose_command_property, "up", how, "--force-recreate", "web-project"]
    subprocess.run(command, check=True, capture_output=True, cwd=PROJECT)


def read_volume(run):
    """Return the SHA-256 of each file in the volume, by its path."""
    command = ["find", ".", "-type", "f", "-exec", "sha256sum", "{}", "+"]
    printed = run(command, {"media_volume": {"bind": "/media", "mode": "ro"}}, working_dir="/media")
    return {path.removeprefix("./"): digest for digest, path in (line.split("  ", 1) for line in printed.splitlines())}


def upload(session, platform, picture):
    """Upload a picture and return the path below the media root under which the platform keeps it."""
    with picture.open("rb") as content:
        response = session.post(f"{platform}/api/{picture.parent.name}/", files={"file": content}, timeout=30)
    assert response.status_code == 201, response.text
    return response.json()["path"]


def test_media_survive_a_deploy_and_a_disaster(compose, platform, run):
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        uploaded = {upload(session, platform, picture): sha256(picture) for picture in PICTURES}
    assert len(uploaded) == 12

    container = compose.get_container("web-project").ID
    recreate(compose)
    wait_until_ready(compose, platform)
    recreated = compose.get_container("web-project").ID
    assert recreated != container
    assert read_volume(run) == uploaded

    archive = f"/backup/media_backup_{date.today():%Y%m%d}.tar.gz"  # noqa: DTZ011 - the day on this machine
    backups = {f"{PROJECT}/backups": {"bind": "/backup", "mode": "rw"}}
    source = {"media_volume": {"bind": "/source", "mode": "rw"}}
    run(["tar", "-czvf", archive, "-C", "/source", "."], source | backups)

    wipe = "find /media -mindepth 1 -delete && find /media -type f"
    left = run(["bash", "-c", wipe], {"media_volume": {"bind": "/media", "mode": "rw"}})
    assert left == ""

    destination = {"media_volume": {"bind": "/destination", "mode": "rw"}}
    restore = f"mkdir -p /destination && tar -xzvf {archive} -C /destination"
    run(["bash", "-c", restore], destination | backups)
    assert read_volume(run) == uploaded


def sha256(picture):
    return hashlib.sha256(picture.read_bytes()).hexdigest()
