"""The inside of the service's container: what is there, who works there, files that are written in their name."""

from __future__ import annotations

import hashlib
import io
import posixpath
import re
import tarfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

import testinfra
from testinfra.host import Host

from media_guarantees.core import journal
from media_guarantees.core.errors import Unproven
from media_guarantees.engine import helper_container
from media_guarantees.system import commands

if TYPE_CHECKING:
    from docker.models.containers import Container

# `docker` is not imported at the top: see ComposeProject.client.
_NOT_REGULAR = 0x8F280000  # Go's os.ModeType, in which the engine encodes the kind of a file
_DELETED = 2  # the engine's API, "Get changes on a container's filesystem"


class ServiceContainer:
    """The inside of the container of `service` that runs now; `container` returns it, or raises `PromiseBroken`."""

    def __init__(
        self,
        container: Callable[[], Container],
        service: str,
        environment: Mapping[str, str],
        labels: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._container = container
        self._service = service
        self._environment = environment
        self._labels = labels
        self._hosts: dict[str, Host] = {}
        self._resolved: dict[tuple[str, str], str] = {}
        self._has_programs: dict[tuple[str, tuple[str, ...]], bool] = {}

    def current(self) -> Container:
        """Return the container that runs now. Raises `PromiseBroken` if there is none."""
        return self._container()

    def host(self) -> Host:
        """Return it as pytest-testinfra sees it."""
        container = str(self._container().id)
        if container not in self._hosts:
            self.expect_programs("cat", "uname")
            host = testinfra.get_host(f"docker://{container}")
            host.backend.run = journal.timed_call("command", host.backend.run, what="docker exec, by testinfra: {}")
            self._hosts = {container: host}
        return self._hosts[container]

    def expect_programs(self, *names: str) -> None:
        """Raise `Unproven` unless there is a shell, and these programs, for the suite's own need."""
        image = self._container().attrs["Image"]
        if (image, names) not in self._has_programs:
            script = 'for name; do command -v "$name" || exit; done'
            self._has_programs[image, names] = self.execute(["sh", "-c", script, "sh", *names]).ok
        if not self._has_programs[image, names]:
            wanted = ", ".join(("sh", *names))
            raise Unproven(f"the image of {self._service} lacks what it takes to look inside: {wanted}")

    def mount_table(self) -> dict[str, list[str]]:
        """Return the options of every mount that the service's main process sees, by where it is mounted (proc(5)).

        A helper reads it, as the image may lack every program.
        """
        process = self._container().attrs["State"]["Pid"]
        beside = helper_container.command(self._labels, "--pid=host", "--network=none", "--cap-add=SYS_PTRACE")
        table = commands.check([*beside, "cat", f"/proc/{process}/mounts"], env=self._environment)
        lines = (line.split() for line in table.text.splitlines())
        return {_unescaped(fields[1]): fields[3].split(",") for fields in lines}

    def has_shell(self) -> bool:
        """Whether a file can be written by what is in the image."""
        try:
            self.expect_programs("mkdir", "cat")
        except Unproven:
            return False
        return True

    def user(self) -> str:
        """Return the user and group, numeric, that the service's main process runs as, e.g. ``10001:10001``.

        The engine is asked, not the container, whose image may lack every program.
        """
        container = self._container()
        listed = container.top(ps_args="-eo pid,euid,egid")
        ids = {int(row[0]): f"{row[1]}:{row[2]}" for row in listed["Processes"]}
        return ids.get(container.attrs["State"]["Pid"]) or ids[min(ids)]

    def execute(self, args: Sequence[str], *, user: str = "", stdin: bytes | None = None) -> commands.Outcome:
        """Run a program, as `user` or as the container's own, and return how it ended."""
        options = [*([f"--user={user}"] if user else []), *(["--interactive"] if stdin is not None else [])]
        command = ["docker", "exec", *options, str(self._container().id), *args]
        return commands.run(command, env=self._environment, stdin=stdin)

    def work(self, script: str, *args: str, stdin: bytes | None = None, needs: Sequence[str] = ()) -> commands.Outcome:
        """Run a POSIX shell script as the service's user among the service's mounts, with `args` as $1 and so on.

        It runs in the service's container, or, where the image lacks a shell or one of the programs that it `needs`, in
        a helper that has the same mounts at the same paths.
        """
        try:
            self.expect_programs(*needs)
        except Unproven:
            options = [f"--volumes-from={self._container().id}", f"--user={self.user()}", "--network=none"]
            helper = helper_container.command(self._labels, *options, *["--interactive"] * (stdin is not None))
            return commands.run([*helper, "sh", "-c", script, "sh", *args], env=self._environment, stdin=stdin)
        return self.execute(["sh", "-c", script, "sh", *args], user=self.user(), stdin=stdin)

    def write(self, folder: str, path: str, content: bytes) -> commands.Outcome:
        """Write a file below `folder` as the service's user, or, without a shell there, in that user's name."""
        if not self.has_shell():
            return self._hand_over(folder, path, content)
        script = 'mkdir -p -- "${1%/*}" && cat > "$1"'
        return self.execute(["sh", "-c", script, "sh", f"{folder}/{path}"], user=self.user(), stdin=content)

    def _hand_over(self, folder: str, path: str, content: bytes) -> commands.Outcome:
        """Hand a file to the engine, as `docker cp` does, which takes no program in the container."""
        from docker.errors import APIError  # noqa: PLC0415

        uid, gid = map(int, self.user().split(":"))
        container, begun = self._container(), time.monotonic()
        command = ("docker", "cp", path, f"{container.id}:{folder}")
        try:
            container.put_archive(folder, _owned_archive(path, content, uid, gid))
        except APIError as refused:
            return commands.Outcome(command, 1, b"", str(refused).encode(), time.monotonic() - begun)
        return commands.Outcome(command, 0, b"", b"", time.monotonic() - begun)

    def resolve(self, path: str, container: Container | None = None) -> str:
        """Return `path`, which is normalized, as it is without symbolic links in `container`, or in the running one.

        The engine is asked, not the container, whose image may lack every program. What isn't there is kept as it is.
        """
        container = container or self._container()
        key = str(container.id), path
        if key not in self._resolved:
            self._resolved[key] = self._followed(container, path)
        return self._resolved[key]

    def _followed(self, container: Container, path: str) -> str:
        resolved = "/"
        for part in path.strip("/").split("/"):
            beyond = posixpath.join(resolved, part)
            resolved = _link_target(container, beyond) or beyond
        return resolved

    def written_layer(self) -> dict[str, str]:
        """Return path and SHA-256 of every file in the container's own writable layer, outside all mounts."""
        container = self._container()
        layer: dict[str, str] = {}
        # A folder is listed with each of its files; only what was added or changed, not deleted, can hold anything.
        for change in container.diff() or ():
            path = str(change["Path"])
            if change["Kind"] != _DELETED and (digest := _file_digest(container, path)):
                layer[path] = digest
        return layer


def _link_target(container: Container, path: str) -> str:
    """Return where a symbolic link in a container leads in the end; "" for what is none."""
    from docker.utils import decode_json_header  # noqa: PLC0415

    if container.client is None:
        raise ValueError("a container without a client can't be asked")
    api = container.client.api
    url = f"{api.base_url}/v{api.api_version}/containers/{container.id}/archive"
    answer = api.head(url, params={"path": path}, timeout=api.timeout)
    about = decode_json_header(answer.headers.get("X-Docker-Container-Path-Stat", "e30="))  # that is {}
    return str(about.get("linkTarget") or "")


def _unescaped(field: str) -> str:
    """Return a field of a mount table with its octal escapes as the characters that they stand for (fstab(5))."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), field)


def _file_digest(container: Container, path: str) -> str:
    """Return the SHA-256 of a regular file in a container, without the help of any program in there; "" for others."""
    from docker.errors import NotFound  # noqa: PLC0415

    try:
        stream, about = container.get_archive(path)
    except NotFound:  # gone since it was listed
        return ""
    if about is None or about["mode"] & _NOT_REGULAR:
        return ""
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        content = [file.read() for member in archive if member.isfile() and (file := archive.extractfile(member))]
    return hashlib.sha256(content[0]).hexdigest() if len(content) == 1 else ""


def _owned_archive(path: str, content: bytes, uid: int, gid: int) -> bytes:
    """Return a tar archive of one file at `path` and the directories above it, all of one owner."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in [*map(str, reversed(PurePosixPath(path).parents[:-1])), path]:
            member = tarfile.TarInfo(name)
            member.uid, member.gid, member.mtime = uid, gid, int(time.time())
            member.type, member.mode = (tarfile.REGTYPE, 0o644) if name == path else (tarfile.DIRTYPE, 0o755)
            member.size = len(content) if name == path else 0
            archive.addfile(member, io.BytesIO(content) if name == path else None)
    return stream.getvalue()
