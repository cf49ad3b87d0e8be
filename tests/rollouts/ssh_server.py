"""Access to an engine by ssh on 127.0.0.1, as operators have it: our own server, with its own keys."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from media_guarantees.core.waiting import wait_until
from media_guarantees.engine.connection import Engine
from media_guarantees.system import commands
from media_guarantees.system.debian_packages import PackageArchive, library_environment

# sshd wants a user of its own and a folder in /run; neither is the machine's.
_START = """\
set -e
mount --make-rprivate /
mount --bind "$1" /etc/passwd
mount -t tmpfs none /run
mkdir -m 0755 /run/sshd
exec "$2" -D -e -f "$3"
"""


@dataclass(frozen=True)
class Way:
    """An address for ``DOCKER_HOST``, and a folder for the PATH whose `ssh` knows the keys."""

    address: str
    programs: Path


@contextmanager
def ssh_to(engine: Engine, folder: Path, cache: Path) -> Iterator[Way]:
    """Run an ssh server whose users find `engine` as theirs, for as long as the block lasts."""
    unpacked = PackageArchive(cache / "packages").unpack("sshd", ("openssh-server", "libwrap0"))
    port = _free_port()
    _lay_out(folder, engine, port)
    passwd, configuration = str(folder / "passwd"), str(folder / "sshd_config")
    with (folder / "sshd.log").open("wb") as log:
        server = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", _START, "sshd", passwd, f"{unpacked}/usr/sbin/sshd", configuration],
            env=library_environment(unpacked),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_until(lambda: _listens(port), what="the ssh server listens", seconds=30, died=lambda: _log_tail(server))
        yield Way(f"ssh://root@127.0.0.1:{port}", folder / "bin")
    finally:
        commands.end_group(server)


def _lay_out(folder: Path, engine: Engine, port: int) -> None:
    (folder / "bin").mkdir(parents=True)
    for name in ("host", "user"):
        commands.check(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)])
    passwd = Path("/etc/passwd").read_text(encoding="utf-8")
    (folder / "passwd").write_text(f"{passwd}sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n", encoding="utf-8")
    (folder / "known").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    settings = [
        f"ListenAddress 127.0.0.1:{port}",
        f"HostKey {folder / 'host'}",
        f"AuthorizedKeysFile {folder / 'user.pub'}",
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "PidFile none",
        f"SetEnv DOCKER_HOST={engine.environment['DOCKER_HOST']} PATH={engine.environment['PATH']}",
    ]
    (folder / "sshd_config").write_text("\n".join(settings) + "\n")
    options = f"-o IdentityFile={folder / 'user'} -o UserKnownHostsFile={folder / 'known'} -o BatchMode=yes"
    client = folder / "bin" / "ssh"
    client.write_text(f'#!/bin/sh\nPATH={shlex.quote(os.environ["PATH"])}\nexec ssh -F /dev/null {options} "$@"\n')
    client.chmod(0o700)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _log_tail(server: subprocess.Popen[bytes]) -> str | None:
    return None if server.poll() is None else f"sshd ended with status {server.returncode}"
