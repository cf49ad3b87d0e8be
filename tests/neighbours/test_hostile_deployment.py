"""A hostile deployment is read and run by the real Compose, and the machine sees nothing of it."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from verification import run_suite

from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.manifest import Manifest

GUIDE = "# Media\n\nPictures are stored in a volume, `media_volume`, at `/usr/src/platform/media`.\n"
# What Compose and Docker run where a file, or a configuration, makes them.
PROGRAMS = ("git", "ssh", "evilprov", "docker-credential-evil", "docker-model", "docker-evilprov", "docker-buildx")
REFUSED = 4


class Machine:
    """A user's machine as a hostile file would find it: programs, files, and listening sockets."""

    def __init__(self, folder: Path) -> None:
        self.programs, self.files, self.owner = (folder / name for name in ("programs", "files", "owner"))
        for each in (self.programs, self.files, self.owner):
            each.mkdir()
        self._ran, self._heard = folder / "ran", list[str]()
        for name in PROGRAMS:
            program = self.programs / name
            program.write_text(f'#!/bin/sh\necho "{name} $*" >> {self._ran}\nexit 1\n')
            program.chmod(0o755)
        (self.files / "key").write_text("private")
        (self.owner / "link").symlink_to(self.files)
        (self.owner / "GUIDE.md").write_text(GUIDE)
        self.tcp, self.unix = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)
        self.unix.bind(str(folder / "s"))
        self.unix.listen()
        self.port, self.socket = self.tcp.getsockname()[1], folder / "s"
        for listener in (self.tcp, self.unix):
            threading.Thread(target=self._listen, args=(listener,), daemon=True).start()

    def _listen(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # closed: the test is over
                return
            self._heard.append(str(listener.family))
            connection.close()

    def reached(self) -> list[str]:
        """Return which programs ran, and what was connected to."""
        return [*(self._ran.read_text().splitlines() if self._ran.exists() else []), *self._heard]

    def seen(self) -> Manifest:
        """Return the files of the machine's owner."""
        return read_directory(self.files)

    def verify(self, compose: str, *options: str) -> tuple[int, str]:
        """Run the suite on such a file, with the programs first on the PATH."""
        (self.owner / "compose.yml").write_text(
            compose.replace("PORT", str(self.port))
            .replace("FILES", str(self.files))
            .replace("SOCKET", str(self.socket))
        )
        named = [f"--compose-file={self.owner / 'compose.yml'}", f"--guide={self.owner / 'GUIDE.md'}"]
        reports = f"--report-dir={self.owner.parent / 'reports'}"
        return run_suite([*named, reports, *options], environment={"PATH": f"{self.programs}:{os.environ['PATH']}"})


@pytest.fixture(name="machine")
def _machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.tcp.close()
    machine.unix.close()


SERVICE = "services: {web-project: {image: ubuntu, volumes: ['media:/usr/src/platform/media']}}\nvolumes: {media: }\n"
READ = {
    "a repository is included": "include: ['https://127.0.0.1:PORT/evil.git']\n" + SERVICE,
    "a repository is included by ssh": "include: ['git@127.0.0.1:evil.git']\n" + SERVICE,
    "a registry is included": "include: ['oci://127.0.0.1:PORT/evil/evil:1']\n" + SERVICE,
    "a repository is extended": (
        "services: {web-project: {extends: {file: 'https://127.0.0.1:PORT/evil.git', service: x}}}\n"
    ),
    "a repository is built": SERVICE.replace("image: ubuntu", "build: {context: 'https://127.0.0.1:PORT/evil.git'}"),
    "another user's folder is built": SERVICE.replace("image: ubuntu", "build: {context: link}"),
    "a program provides it": SERVICE.replace("image: ubuntu", "provider: {type: evilprov, options: {x: '1'}}"),
}
# Docker's own configuration, and an engine, as a deployment would have them.
ENVIRONMENT = "DOCKER_CONFIG=./docker\nDOCKER_HOST=tcp://127.0.0.1:PORT\nCOMPOSE_EXPERIMENTAL_GIT_REMOTE=true\n"


@pytest.mark.parametrize("compose", READ.values(), ids=READ.keys())
def test_what_can_not_be_run_is_refused_before_anything_is_reached(compose: str, machine: Machine) -> None:
    (machine.owner / ".env").write_text(ENVIRONMENT.replace("PORT", str(machine.port)))
    before = machine.seen()

    status, output = machine.verify(compose)

    assert machine.reached() == []
    assert machine.seen() == before
    assert status == REFUSED, output[-3000:]
    assert "hint: " in output, output[-3000:]


EVERYTHING = """
name: connect
services:
  web-project:
    image: ubuntu
    command:
      - bash
      - -c
      - |
        for place in /host /linked /bound /proc/1/root/FILES /secret /config; do
            echo reached > $$place/key; echo reached > $$place; rm -rf $$place/*
        done 2> /dev/null
        for port in /dev/tcp/127.0.0.1/PORT /dev/tcp/host.docker.internal/PORT; do
            (exec 3<> $$port; echo reached >&3) 2> /dev/null
        done
        trap 'exit 0' TERM; while :; do sleep 1 & wait $$!; done
    privileged: true
    cap_add: [ALL]
    security_opt: ["seccomp:unconfined", "apparmor:unconfined"]
    network_mode: host
    pid: host
    ipc: host
    uts: host
    userns_mode: host
    cgroup: host
    devices: ["/dev/null:/dev/evil"]
    use_api_socket: true
    runtime: evil
    annotations: {run.oci.hooks: evil}
    extra_hosts: ["host.docker.internal:host-gateway"]
    depends_on: [db]
    post_start: [{command: [sh, -c, "echo reached > /host/key"], user: root, privileged: true}]
    secrets: [{source: socket, target: /secret}, {source: key, target: /key}]
    configs: [{source: socket, target: /config}]
    volumes:
      - media_volume:/usr/src/platform/media
      - FILES:/host
      - ./link:/linked
      - bound:/bound
      - SOCKET:/var/run/docker.sock
      - /:/root-of-the-machine
  db:
    provider: {type: evilprov, options: {x: "1"}}
  model:
    image: ubuntu
    command: [sleep, infinity]
    init: true
    models: [ai]
models: {ai: {model: evil}}
secrets: {socket: {file: SOCKET}, key: {file: ./link/key}}
configs: {socket: {file: SOCKET}}
volumes:
  media_volume: {name: media_volume}
  bound: {driver_opts: {type: none, o: bind, device: FILES}}
"""


def test_everything_that_a_file_can_ask_for_at_once_reaches_nothing(machine: Machine) -> None:
    (machine.owner / ".env").write_text(ENVIRONMENT.replace("PORT", str(machine.port)))
    (machine.owner / "docker").mkdir()
    (machine.owner / "docker" / "config.json").write_text(json.dumps({"credsStore": "evil"}))
    before = machine.seen()

    status, output = machine.verify(EVERYTHING, "-k", "volume_is_mounted or backs_the_media_root")

    assert machine.reached() == []
    assert machine.seen() == before
    assert status == 0, output[-5000:]
    evidence = (machine.owner.parent / "reports/latest/guarantees.json").read_text()
    assert "in the sandbox, db left out: it has the provider 'evilprov', a program of this machine" in evidence
    assert "web-project does without /:" in evidence
