"""A separate machine inside this one: everything that is found on it after a run was left by that run.

Processes, mounts, network interfaces and /tmp are its own (namespaces(7)), so that nothing that others do on the real
one can be taken for a run's. Cgroups and loop devices can't be had apart; those of a checkout are known by its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from subprocess import PIPE, Popen

from checkout import ROOT, Checkout

from media_guarantees.engine.engine_slot import Slot
from media_guarantees.engine.namespaces import only_child
from media_guarantees.engine.private_engine import CGROUPS
from media_guarantees.system.commands import end_group

# The checkout may be below /tmp itself. Then it is mounted there again, by a path that no mount hides (mount(8), "-c").
_INIT = """\
set -e
exec 9< "$1"
mount --make-rprivate /
mount -t tmpfs -o mode=1777 neighbours /tmp
if ! [ -d "$1" ]; then
    mkdir -p "$1"
    mount -c --bind /proc/self/fd/9 "$1"
fi
exec 9<&-
ip link set lo up
echo ready
read -r _ || :
"""


@dataclass(frozen=True)
class Traces:
    """What is on a machine, in words; `places` are files and folders where a run may leave nothing."""

    processes: frozenset[str]
    interfaces: frozenset[str]
    mounts: frozenset[str]
    cgroups: frozenset[str]
    loop_devices: frozenset[str]
    temporary: frozenset[str]
    places: frozenset[str]

    def beyond(self, before: Traces) -> list[str]:
        """Return what is new here, one sentence for each."""
        kinds = [field.name for field in fields(self)]
        return [f"{kind}: {item}" for kind in kinds for item in sorted(getattr(self, kind) - getattr(before, kind))]


class Machine:
    """A running machine with a checkout."""

    def __init__(self, checkout: Checkout, holder: Popen[bytes]) -> None:
        self._checkout = checkout
        self._init = only_child(holder.pid)

    def command(self, *words: str) -> list[str]:
        """Return a command that runs `words` in the checkout there."""
        nsenter_command = ["nsenter", f"--target={self._init}", "--mount", "--pid", "--net"]
        return [*nsenter_command, "sh", "-c", 'cd "$0" && exec "$@"', str(self._checkout.folder), *words]

    def traces(self) -> Traces:
        """Return everything that a run could leave there."""
        own = Path(f"/proc/{self._init}")
        loops = Path("/sys/block").glob("loop*/loop/backing_file")
        names = [Slot(folder).cgroup for folder in self._checkout.folder.glob(".cache/engine/[0-9]*")]
        cgroups = [path for name in names for path in [CGROUPS / name, *CGROUPS.glob(f"*/{name}")]]
        return Traces(
            frozenset(_processes(own)),
            frozenset(line.partition(":")[0].strip() for line in (own / "net/dev").read_text().splitlines()[2:]),
            frozenset(line.split(" ", 3)[3] for line in (own / "mountinfo").read_text().splitlines()),
            frozenset(str(path) for path in cgroups if path.exists()),
            frozenset(_text(file) for file in loops if str(self._checkout.folder) in _text(file)),
            frozenset(path.name for path in (own / "root/tmp").iterdir()),
            frozenset(self._checkout.left()),
        )


def _processes(init: Path) -> Iterator[str]:
    """The command of every process there."""
    numbers = (init / "ns/pid").readlink()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # A zombie is no process any more; this machine's first process doesn't collect it.
            ended = (folder / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
            if (folder / "ns/pid").readlink() == numbers and not ended:
                yield f"{folder.name} {_text(folder / 'cmdline')}"


def _text(file: Path) -> str:
    with suppress(OSError):
        return file.read_text(errors="replace").replace("\0", " ")
    return ""


@contextmanager
def switched_on(checkout: Checkout) -> Iterator[Machine]:
    """Start a machine for the duration of the block; everything on it ends with it."""
    command = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc"]
    with Popen(
        [*command, "sh", "-c", _INIT, "init", str(ROOT)], stdin=PIPE, stdout=PIPE, start_new_session=True
    ) as holder:
        try:
            if holder.stdout is None or holder.stdout.readline() != b"ready\n":
                raise OSError("this machine gives no namespaces: run as root with the right to mount")
            yield Machine(checkout, holder)
        finally:
            end_group(holder, politely=False)
