"""The host of a private engine: mount and process-id namespaces of its own, which end at one instant.

Ending their first process ends every process in them, as a power cut would, and takes their mounts along.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from media_guarantees.core.errors import BadInput

BOOT_SECONDS = 30.0

# /etc and /run get a throw-away layer: Docker writes keys and sockets there, and none of that is the machine's.
# Docker reads there from which ports to choose one that may be any: another engine's choice would be the same.
# A mount that is made here later, such as a small disk, is to appear in the guide's shell as well.
_INIT = """\
set -e
mount --make-rshared /
layers=$1
mount -t tmpfs -o mode=0700 media-verify "$layers"
for folder in etc run; do
    mkdir -p "$layers/$folder/upper" "$layers/$folder/work"
    own="upperdir=$layers/$folder/upper,workdir=$layers/$folder/work"
    mount -t overlay -o "lowerdir=/$folder,$own" overlay "/$folder"
done
echo "$3 $4" > "$layers/ports"
mount --bind "$layers/ports" /proc/sys/net/ipv4/ip_local_port_range
echo ready
exec "$2" -s -- sh -c 'read -r _ || :'
"""


class Namespaces:
    """Fresh namespaces. `layers` is an empty folder for their own layers over /etc and /run.

    `init` is the program of their first process, which reaps the others. `ports` are those from which a program in
    there chooses a free one. `lock` is a descriptor that every process in there holds open. Raises `BadInput` where
    this machine gives no namespaces.
    """

    def __init__(self, layers: Path, init: str, ports: range, environment: Mapping[str, str], lock: int) -> None:
        # PDEATHSIG: the namespaces must end even if this process is killed with SIGKILL.
        unshare = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"]
        own = [str(layers), init, str(ports[0]), str(ports[-1])]
        self._process = subprocess.Popen(
            [*unshare, "--mount-proc", "sh", "-c", _INIT, "init", *own],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=[lock],
        )
        try:
            complaint = _complaint_of(self._process)
        except BaseException:  # such as Ctrl-C: the caller gets nothing to end
            _abandon(self._process)
            raise
        if complaint:
            raise BadInput(
                f"this machine gives no namespaces to a private engine: {complaint}",
                "run as root with the right to mount (in a container: --privileged), or use ENGINE=shared",
            )

    def init_process(self) -> int:
        """Return the process id, on the host, of their first process."""
        return only_child(self._process.pid)

    def enter(self, *args: str, processes: bool = True) -> list[str]:
        """Return a command that runs `args` with their mounts and, if `processes` is true, among their processes."""
        own = ["--mount", "--pid"] if processes else ["--mount"]
        return ["nsenter", "--target", str(self.init_process()), *own, *args]

    def end(self) -> None:
        """End every process in them at one instant."""
        with suppress(ProcessLookupError, FileNotFoundError):
            os.kill(self.init_process(), signal.SIGKILL)
        self._process.communicate()


def _complaint_of(process: subprocess.Popen[bytes]) -> str:
    """Wait until the first process has set the namespaces up; return "" then, else what went wrong."""
    if process.stdout is None:
        raise ValueError("the process was started without a pipe to hear from it")
    readable, _, _ = select.select([process.stdout], [], [], BOOT_SECONDS)
    if not readable:  # a mount may hang forever
        _abandon(process)
        return f"they were not there after {BOOT_SECONDS:g} s"
    if process.stdout.readline() == b"ready\n":
        return ""
    return process.communicate()[1].decode(errors="replace").strip()


def _abandon(process: subprocess.Popen[bytes]) -> None:
    """Kill a process without waiting for it: it may hang in the kernel, where no signal reaches it."""
    process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(1)


def only_child(pid: int) -> int:
    """Return the process id of the one child of process `pid`."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
