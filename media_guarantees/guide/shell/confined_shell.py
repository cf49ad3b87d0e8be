"""A shell for a guide's commands that reaches nothing but the deployment's copy and the run's own engine.

It has namespaces of its own (mount, process-id, network, IPC; namespaces(7)). Its root directory is an empty folder of
the run's: the machine's programs are there to be read, the run's folder is there to be written to at its usual path,
and whatever a command writes anywhere else lands in that folder. The only socket is that of the run's engine, behind a
proxy that refuses what leads to the machine. What stands below the root outlives each command, as on a real machine.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from media_guarantees.core.errors import BadInput
from media_guarantees.guide.shell.engine_proxy import EngineProxy
from media_guarantees.guide.shell.root_directory import HOME, OWN_PROGRAMS, SOCKET, VOLUMES, RootDirectory

SHELL_ROOT = "outside"
"""Below the deployment's folder, the root of its shell: what the guide writes outside of that folder is found there."""

# What it takes to read, write and hand over files as root; nothing that mounts, makes devices or looks at the host.
_CAPABILITIES = "chown,dac_override,fowner,fsetid,kill,setgid,setuid"
_CLONE_NEWPID = 0x20000000  # sched.h
# After the root and the init come the mounts of `RootDirectory.lay_out`. See pivot_root(2) on `pivot_root . .`.
_INIT = """\
set -e
root=$1 init=$2
shift 2
mount --bind "$root" "$root"
while [ $# -gt 0 ]; do
    mount -o "bind,$1" "$2" "$3"
    shift 3
done
mount -t proc -o ro proc "$root/proc"
cd "$root"
pivot_root . .
umount -l .
echo ready
exec "$init" -s -- sh -c 'read -r _ || :'
"""


@dataclass(frozen=True)
class EngineSide:
    """What a shell needs to know of the run's private engine.

    `process` gives the process id of the first process in the engine's namespaces, another one after each crash;
    `volumes` is the folder of its volumes; `init` the path of a `docker-init`; `scratch` a short private folder.
    """

    process: Callable[[], int]
    socket: Path
    volumes: Path
    init: Path
    scratch: Path


@dataclass
class ConfinedShell:
    """A shell whose working directory is `folder`. `run_folder` can be written to; `environment` finds `docker`."""

    folder: Path
    run_folder: Path
    engine: EngineSide
    environment: Mapping[str, str]
    _holder: subprocess.Popen[bytes] | None = None
    _engine_process: int = 0
    _ending: ExitStack = field(default_factory=ExitStack)
    _known: frozenset[Path] = frozenset()
    proxy: EngineProxy | None = None

    @property
    def root(self) -> Path:
        """The shell's root directory, as a path of the machine."""
        return self.folder / SHELL_ROOT

    @property
    def variables(self) -> dict[str, str]:
        """What its environment has otherwise than the suite's own."""
        own = {"HOME": str(HOME), "TMPDIR": "/tmp", "DOCKER_HOST": f"unix://{SOCKET}"}  # noqa: S108 - its own
        return {**own, "DOCKER_CONFIG": str(HOME / ".docker"), "BUILDX_CONFIG": str(HOME / ".docker/buildx")}

    def popen(self, args: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a program in the shell's namespaces, standing in `folder`; otherwise like `subprocess.Popen`.

        It is a child of this process: signals, and the status with which it ends, are its own.
        """
        init = self._init()
        # A process id namespace is entered by children alone, so this thread names it before it makes one.
        entering = ["nsenter", "--target", str(init), "--mount", "--net", "--ipc", "--no-fork"]
        bounded = ["setpriv", "--inh-caps=-all", f"--bounding-set=-all,+{_CAPABILITIES.replace(',', ',+')}"]
        environment = options.get("env") or self.environment
        options.update(cwd="/", env={**environment, "PATH": f"{OWN_PROGRAMS}{os.pathsep}{environment['PATH']}"})
        with _children_in(init):
            return subprocess.Popen([*entering, *bounded, "env", f"--chdir={self.folder}", *args], **options)

    def _init(self) -> int:
        """The process id of the first process in the shell's namespaces, which are recreated with the engine."""
        if self._holder is None or self._engine_process != self.engine.process():
            self.close()
            self._engine_process = self.engine.process()
            try:
                self._open()
            except BaseException:
                self.close()
                raise
        if self._holder is None:
            raise ProcessLookupError("the guide's shell is closed")
        return int(Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text().split()[0])

    def _open(self) -> None:
        socket = self.engine.scratch / f"guide-{secrets.token_hex(4)}.sock"
        self.proxy = self._ending.enter_context(EngineProxy(socket, self.engine.socket, self.machine_path).serving())
        writable = {self.run_folder: self.run_folder, VOLUMES: self.engine.volumes, SOCKET: self.proxy.path}
        mounts = RootDirectory(self.root, self.engine.init, self.environment).lay_out(writable)
        self._known = frozenset(self.root.rglob("*"))
        # It dies with this process, and everything in its namespaces with it.
        own = ["unshare", "--mount", "--propagation=slave", "--pid", "--net", "--ipc", "--fork", "--kill-child"]
        entering = ["setpriv", "--pdeathsig=KILL", "nsenter", "--target", str(self._engine_process), "--mount"]
        self._holder = subprocess.Popen(
            [*entering, *own, "sh", "-c", _INIT, "init", str(self.root), str(self.engine.init), *mounts],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        if self._holder.stdout is None or self._holder.stdout.readline() != b"ready\n":
            _, complaint = self._holder.communicate()
            self._holder = None
            raise BadInput(
                f"this machine gives no namespaces to the guide's shell: {complaint.decode(errors='replace').strip()}",
                "run as root with the right to mount (in a container: --privileged), or use ENGINE=shared",
            )

    def machine_path(self, path: str) -> str:
        """Return where on the machine lies what the shell sees at the absolute `path`, its symbolic links followed."""
        seen = Path("/")
        parts = list(reversed(Path(path).parts))
        for _ in range(1000):
            if not parts:
                return str(self._on_machine(seen))
            part = parts.pop()
            seen = seen.parent if part == ".." else seen / part
            if (real := self._on_machine(seen)).is_symlink():
                target = real.readlink()
                seen = seen.parent
                parts.extend(reversed(target.parts))
        raise OSError(f"{path} is a link to itself")

    def _on_machine(self, path: Path) -> Path:
        if path == SOCKET and self.proxy:
            return self.proxy.path
        if path.is_relative_to(VOLUMES):
            return self.engine.volumes / path.relative_to(VOLUMES)
        return path if path.is_relative_to(self.run_folder) else self.root / path.relative_to("/")

    def stand_in(self, folder: str) -> bool:
        """Let the working directory be found at the path `folder` as well, if nothing is there; say whether it is."""
        self._init()  # what is there is known once it is laid out
        path = re.sub(r"^(?:~|\$HOME)(?=/|$)", str(HOME), folder)
        place = Path(self.machine_path(os.path.normpath(path)))
        if place.exists() or place.is_symlink() or not place.is_relative_to(self.root):
            return False
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(self.folder)
        return True

    def take_refusals(self) -> list[str]:
        """Return what the engine's proxy refused since the last time."""
        if self.proxy is None:
            return []
        refused, self.proxy.refused[:] = list(self.proxy.refused), []
        return refused

    def written_outside(self) -> list[str]:
        """Return the paths, as the shell sees them, of what appeared outside the run's folder since the last time."""
        if self._holder is None:
            return []
        now = frozenset(path for path in self.root.rglob("*") if not path.is_relative_to(self.root / "root/.docker"))
        fresh, self._known = now - self._known, self._known | now
        return sorted(f"/{path.relative_to(self.root)}" for path in fresh if path.parent not in fresh)

    def close(self) -> None:
        """End everything that still runs in the shell."""
        if self._holder is not None:
            with suppress(ProcessLookupError, IndexError, FileNotFoundError):
                children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text()
                os.kill(int(children.split()[0]), signal.SIGKILL)
            self._holder.communicate()
            self._holder = None
        self._ending.close()


@contextmanager
def _children_in(process: int) -> Iterator[None]:
    """Let what this thread starts in the block be in the process-id namespace of `process` (setns(2))."""
    with Path("/proc/thread-self/ns/pid").open("rb") as here, Path(f"/proc/{process}/ns/pid").open("rb") as there:
        _set_namespace(there.fileno())
        try:
            yield
        finally:
            _set_namespace(here.fileno())


def _set_namespace(descriptor: int) -> None:
    import ctypes  # noqa: PLC0415 - a run's first line does not wait for it

    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWPID):  # os.setns is as new as Python 3.12
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def confined_shells(
    run_folder: Path, engine: EngineSide, environment: Mapping[str, str]
) -> Iterator[Callable[[Path], ConfinedShell]]:
    """Give a function that returns the shell of the person in a folder, opened when it is first used; end them all."""
    shells: dict[Path, ConfinedShell] = {}
    try:
        yield lambda folder: shells.setdefault(folder, ConfinedShell(folder, run_folder, engine, environment))
    finally:
        for shell in shells.values():
            shell.close()
