"""A Docker engine of the run's own, which nothing else uses and which ends with the run.

`dockerd` runs in mount and process-id namespaces of its own: ending their first process ends the daemon,
containerd, every shim and every container at one instant, as a power cut would, and takes their mounts along. It
touches no firewall rule and routes nothing, so containers have no way out of their networks; published ports still
answer on 127.0.0.1 through Docker's userland proxy.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.core.waiting import wait_until
from media_guarantees.engine import address_lease
from media_guarantees.engine.engine_slot import Slot, slots
from media_guarantees.engine.namespaces import BOOT_SECONDS, Namespaces, only_child
from media_guarantees.engine.toolchain import SHORT_LIVED, EngineTools, engine_tools
from media_guarantees.system import commands
from media_guarantees.system.run_id import start_ticks

CGROUPS = Path("/sys/fs/cgroup")
_FOLDER = "media-verify-"
# The engine's name server knows the services. What it doesn't know it asks a server that never answers: one of the
# machine's would be a way out. Whoever asks for such a name has an answer after 2 s instead of 10 (resolv.conf(5)).
# From 23.0 on, builds take the engine's name server as well, and could download nothing.
_NO_OTHER_NAMES = ("--dns=127.0.0.1", "--dns-opt=timeout:1", "--dns-opt=attempts:2")
_NAMES_OF_BUILDS = 23


class PrivateEngine:
    """A running engine. `environment` makes `docker` and `docker-compose` talk to it."""

    def __init__(self, slot: Slot, tools: EngineTools) -> None:
        self.slot = slot
        self.tools = tools
        # Unix socket addresses hold about 100 bytes, and a checkout may lie deep: the socket lives in a short place.
        self.folder = Path(tempfile.gettempdir()) / f"{_FOLDER}{secrets.token_hex(4)}"
        self.socket = self.folder / "docker.sock"
        self.log = slot.folder / "dockerd.log"
        self._namespaces: Namespaces | None = None
        self._daemon: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """The engine's address, as in ``DOCKER_HOST``."""
        return f"unix://{self.socket}"

    def boot(self) -> None:
        """Start the engine in fresh namespaces, as a host that was just switched on."""
        layers = self.folder / "layers"
        if not self.folder.is_dir():
            # Recorded before it is created, so that the next run can remove it if this one is killed.
            self.slot.record_folder(self.folder)
            self.folder.mkdir(mode=0o700)
            layers.mkdir(mode=0o700)
            (self.folder / "daemon.json").write_text(json.dumps(dict(self.tools.settings)))
        # The slot stays locked while any process of the engine lives, even after this process was killed.
        init, ports = self.tools.which("docker-init"), self.slot.claim.ports
        self._namespaces = Namespaces(layers, init, ports, self.tools.environment, self.slot.lock)
        self.start_daemon()

    def start_daemon(self) -> None:
        """Start `dockerd` inside the namespaces and wait until it answers."""
        self.socket.unlink(missing_ok=True)
        with self.log.open("wb") as log:
            self._daemon = subprocess.Popen(
                self.nsenter_command(*self._dockerd()),
                # What runc leaves there when it is killed is removed with the folder.
                env={**SHORT_LIVED, **self.tools.environment, "TMPDIR": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._answers, what="the private engine answers", seconds=BOOT_SECONDS, died=self._log_tail)

    def _dockerd(self) -> list[str]:
        return [
            self.tools.which("dockerd"),
            f"--config-file={self.folder / 'daemon.json'}",
            f"--data-root={self.slot.data_root}",
            "--pidfile=/run/media-verify-dockerd.pid",
            f"--host={self.host}",
            f"--group={os.getgid()}",
            f"--cgroup-parent=/{self.slot.cgroup}",
            f"--default-address-pool=base={self.slot.claim.pool},size=24",
            "--bridge=none",
            "--iptables=false",
            "--ip6tables=false",
            "--ip-forward=false",
            "--ip-masq=false",
            *(_NO_OTHER_NAMES if self._version < _NAMES_OF_BUILDS else ()),
        ]

    @cached_property
    def _version(self) -> int:
        """The first number of the engine's version, such as 20; of one that doesn't say it, that of the newest."""
        said = commands.run([self.tools.which("dockerd"), "--version"], env=self.tools.environment).text
        found = re.search(r"version (\d+)\.", said)
        return int(found[1]) if found else sys.maxsize

    def _host(self) -> Namespaces:
        if self._namespaces is None:
            raise ProcessLookupError("the private engine is switched off")
        return self._namespaces

    def init_process(self) -> int:
        """Return the process id, on the machine, of the first process of the engine's namespaces."""
        return self._host().init_process()

    def nsenter_command(self, *args: str) -> list[str]:
        """Return a command that runs `args` where only the engine's own mounts are seen; it dies with the engine."""
        return self._host().enter(*args)

    def _answers(self) -> bool:
        return self.socket.is_socket() and self.docker("version", kind="probe").ok

    def _log_tail(self) -> str | None:
        if self._daemon is None or self._daemon.poll() is None:
            return None
        lines = self.log.read_text(errors="replace").splitlines()
        return "dockerd ended: " + " / ".join(lines[-3:])

    def docker(self, *args: str, **options: Any) -> commands.Outcome:
        """Run the `docker` client against this engine."""
        environment = {**self.tools.environment, "DOCKER_HOST": self.host}
        return commands.run([self.tools.which("docker"), *args], env=environment, **options)

    @contextmanager
    def small_disk(self, folder: Path, options: str) -> Iterator[Path]:
        """Mount a file system in memory, with tmpfs(5)'s `options`, over `folder` as this engine's containers see it.

        Yields a path that leads to it from outside. Nothing else sees it, and it ends with the engine.
        """
        host = self._host()
        mount = ["mount", "-t", "tmpfs", "-o", options, "media-verify", str(folder)]
        commands.check(host.enter(*mount, processes=False))
        try:
            yield Path(f"/proc/{host.init_process()}/root{folder}")  # proc(5): what that process sees as its root
        finally:
            commands.run(host.enter("umount", str(folder), processes=False))

    def daemon_instance(self) -> str:
        """Return what identifies this process of `dockerd`: its process id, and its start in clock ticks."""
        if self._daemon is None:
            raise ProcessLookupError("the private engine is switched off")
        process = only_child(self._daemon.pid)
        return f"dockerd {process}, started at tick {start_ticks(process)}"

    def kill_daemon(self) -> None:
        """Kill `dockerd` alone; its containers may live on."""
        if self._daemon is None:
            raise ProcessLookupError("the private engine is switched off")
        os.kill(only_child(self._daemon.pid), signal.SIGKILL)
        self._daemon.wait()

    def crash(self) -> None:
        """End every process of the engine and of every container at one instant."""
        if self._namespaces is None:
            return
        self._namespaces.end()
        if self._daemon is not None:
            self._daemon.wait()
        self._namespaces = self._daemon = None

    def clear(self) -> None:
        """Remove every container, network and volume; images stay. All of them are the run's own."""
        for listing, removal in (
            (("ps", "-aq"), ("rm", "--force", "--volumes")),
            (("network", "ls", "-q", "--filter", "type=custom"), ("network", "rm")),
            (("volume", "ls", "-q"), ("volume", "rm", "--force")),
        ):
            if names := self.docker(*listing).text.split():
                self.docker(*removal, *names)

    def shut_down(self) -> None:
        """Remove everything but the images, end the engine, and leave nothing on the machine that the slot knows of."""
        if self._daemon is not None and self._daemon.poll() is None:
            self.clear()
        self.crash()
        remove_cgroups(self.slot.cgroup)
        for folder in self.slot.recorded_folders():
            remove_folder(folder)
        self.slot.clear_record()


def remove_cgroups(name: str, root: Path = CGROUPS) -> None:
    """Remove the empty cgroups called `name`, and below it, from every hierarchy."""
    for top in [root / name, *root.glob(f"*/{name}")]:
        for folder, _, _ in os.walk(top, topdown=False):
            with suppress(OSError):
                Path(folder).rmdir()


@contextmanager
def running_engine(cache: Path, tools: EngineTools) -> Iterator[PrivateEngine]:
    """Run a private engine in the first slot that no other run holds, having swept what killed runs left."""
    slot = next((slot for slot in slots(cache) if slot.take(tools.version)), None)
    if slot is None:
        engines = f"{len(address_lease.POOLS)} private engines"
        raise BadInput(f"{engines} are running on this machine already", "wait until one of them is over")
    try:
        sweep(cache, tools)
        engine = PrivateEngine(slot, tools)
        try:
            with journal.step("engine: starting a private Docker engine"):
                engine.boot()
                engine.clear()
            yield engine
        finally:
            journal.progress("engine: switching it off")
            engine.shut_down()
    finally:
        slot.release()


def sweep(cache: Path, tools: EngineTools) -> None:
    """Remove what killed runs left behind; runs in progress are left alone.

    Only the engine that made a bridge knows it for its own, so each abandoned one is booted once more to take its
    networks down itself.
    """
    for folder in sorted((cache / "engine").glob("[0-9]*")):
        slot = Slot(folder)
        if not slot.take(slot.version):
            continue
        try:
            if slot.recorded_folders():
                journal.progress(f"engine: sweeping what a killed run left in slot {slot.number}")
                of_its_version = tools if tools.version == slot.version else engine_tools(cache, slot.version)
                engine = PrivateEngine(slot, of_its_version)
                try:
                    engine.boot()
                finally:
                    engine.shut_down()
        finally:
            slot.release()


def remove_folder(folder: Path) -> None:
    """Remove the private folder of an engine; what can't be one, whatever was written down, is left alone."""
    if folder.name.startswith(_FOLDER) and folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
