"""Processes that killed runs left behind, frozen or at work on an engine.

Every process inherits its parent's environment, and a run puts its identifier there. A process that carries the
identifier of a run that is over was started by that run.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from media_guarantees.system.run_id import is_over

MARK = "MEDIA_VERIFY_RUN"
PROC = Path("/proc")


# Programs that stay in the background and serve all of a user's sessions, no matter which session started them: an ssh
# master connection (ssh_config(5), ControlPersist) that `docker` needed, an agent that a credential helper needed.
# They do nothing on an engine by themselves; an ssh without a session to serve ends with its input.
_OF_THE_USER = {"ssh", "ssh-agent", "gpg-agent", "keyboxd", "scdaemon", "dbus-daemon", "dbus-launch", "gnome-keyring-d"}


def marked() -> Iterator[tuple[int, str]]:
    """Return the number of each process that this person may look at and that a run has marked, with the mark."""
    for folder in PROC.glob("[0-9]*"):
        if mark := mark_of(int(folder.name)):
            yield int(folder.name), mark


def mark_of(pid: int) -> str:
    """Return the identifier of the run that process `pid` was started by; "" without one (proc(5), environ)."""
    with suppress(OSError):
        for variable in (PROC / str(pid) / "environ").read_bytes().split(b"\0"):
            name, _, value = variable.partition(b"=")
            if name.decode(errors="replace") == MARK:
                return value.decode(errors="replace")
    return ""


def program_of(pid: int) -> str:
    """Return the name of the program that process `pid` runs, of at most 15 characters; "" without such a process."""
    with suppress(OSError):
        return (PROC / str(pid) / "comm").read_text(errors="replace").rstrip("\n")
    return ""


def end_orphans(over: Callable[[str], bool] = is_over) -> None:
    """End the processes of runs that are over, but for those that serve the user's other sessions too."""
    for pid, mark in marked():
        if over(mark) and program_of(pid) not in _OF_THE_USER:
            with suppress(OSError):  # it has just ended, or the kernel is older than 5.3
                _end(pid, mark)


def _end(pid: int, mark: str) -> None:
    descriptor = os.pidfd_open(pid)
    try:
        # Its number may have become another's since it was looked at; from now on it can't.
        if mark_of(pid) == mark:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    finally:
        os.close(descriptor)
