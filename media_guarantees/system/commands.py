"""Running programs: argument lists in, outcome out; every run is journalled, and no process is left running."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from media_guarantees.core import journal

TIMEOUT = 600.0  # seconds
_LAST_SECONDS = 5.0  # from the end of a program's output to its own
_PIECE = 1 << 20

Starter = Callable[..., "subprocess.Popen[bytes]"]
"""Starts a program, with the arguments of `subprocess.Popen`; where, and with which rights, is its own affair."""


def in_words(args: Sequence[str]) -> str:
    """Return a command as it would be typed. Secrets are replaced first, as quoting could hide them."""
    return shlex.join(journal.redact(word) for word in args)


@dataclass(frozen=True)
class Outcome:
    """How a program ended. `status` is its exit status, negative for the signal that ended it."""

    args: tuple[str, ...]
    status: int
    stdout: bytes
    stderr: bytes
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the program ended with status 0."""
        return self.status == 0

    @property
    def text(self) -> str:
        """Standard output as text, without the last newline."""
        return self.stdout.decode(errors="replace").rstrip("\n")

    @property
    def complaint(self) -> str:
        """The last lines of its standard error, or else of its standard output."""
        said = (self.stderr.strip() or self.stdout.strip()).decode(errors="replace")
        return journal.redact("\n".join(said.splitlines()[-12:]))

    def __str__(self) -> str:
        return f"`{in_words(self.args)}` ended with status {self.status}: {self.complaint}"


class CommandFailed(Exception):  # noqa: N818 - reads as the sentence it is
    """A program that the suite itself needs failed."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(str(outcome))
        self.outcome = outcome


def run(
    args: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    into: IO[bytes] | None = None,
    timeout: float | None = TIMEOUT,
    kind: str = "command",
    terminal: bool = False,
    start: Starter | None = None,
) -> Outcome:
    """Run a program to its end and return how it ended, whatever the status. Its output may go `into` a file.

    Its standard input is `stdin`, or an idle `terminal`, or empty. It leads a process group of its own, which is ended
    after `timeout` seconds (None: no limit) and when the run is interrupted. Raises `FileNotFoundError` without the
    program, `subprocess.TimeoutExpired` when too late.
    """
    with journal.timed(kind, in_words(args)) as event, _idle_terminal() if terminal else nullcontext() as idle:
        process = (start or subprocess.Popen)(
            args,
            cwd=cwd,
            env=env,
            stdin=idle or (subprocess.DEVNULL if stdin is None else subprocess.PIPE),
            stdout=into or subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            stdout, stderr = process.communicate(stdin, timeout)
        except BaseException:
            end_group(process)
            raise
        event.status = process.returncode
    return Outcome(tuple(args), process.returncode, stdout or b"", stderr, event.seconds)


@contextmanager
def _idle_terminal() -> Iterator[int]:
    """A terminal at which nothing is typed (pty(7))."""
    ours, theirs = os.openpty()
    try:
        yield theirs
    finally:
        os.close(theirs)
        os.close(ours)


def check(args: Sequence[str], **options: object) -> Outcome:
    """Like `run`, but raise `CommandFailed` for any status but 0."""
    outcome = run(args, **options)  # type: ignore[arg-type]
    if not outcome.ok:
        raise CommandFailed(outcome)
    return outcome


@contextmanager
def streamed(
    args: Sequence[str], *, env: Mapping[str, str] | None = None, timeout: float = TIMEOUT, kind: str = "command"
) -> Iterator[IO[bytes]]:
    """Run a program and yield its standard output as a stream, for output that is too large for memory.

    Where the program itself fails, or is ended after `timeout` seconds, its output is cut off, and whatever the block
    makes of that is no finding: `CommandFailed` or `subprocess.TimeoutExpired` is raised instead.
    """
    late = threading.Event()
    with journal.timed(kind, in_words(args)) as event, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            args, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, start_new_session=True
        )

        def expect_success() -> None:
            event.status = process.returncode
            if late.is_set():
                raise subprocess.TimeoutExpired(list(args), timeout)
            said.seek(0)
            if process.returncode:
                raise CommandFailed(Outcome(tuple(args), process.returncode, b"", said.read(), timeout))

        with _ended_after(timeout, process, late), _closing(process) as output:
            try:
                yield output
                while output.read(_PIECE):  # a block may be content with the beginning
                    pass
                process.wait()
            except Exception as failure:
                if _ends_by_itself(process):
                    try:
                        expect_success()
                    except (CommandFailed, subprocess.TimeoutExpired) as cause:
                        raise cause from failure
                raise
            expect_success()


@contextmanager
def _closing(process: subprocess.Popen[bytes]) -> Iterator[IO[bytes]]:
    """Yield standard output, and leave neither the process nor the pipe behind."""
    if process.stdout is None:
        raise ValueError("standard output must be a pipe")
    try:
        yield process.stdout
    finally:
        if process.returncode is None:
            end_group(process)
        process.stdout.close()


@contextmanager
def _ended_after(seconds: float, process: subprocess.Popen[bytes], late: threading.Event) -> Iterator[None]:
    def stop() -> None:
        late.set()
        signal_group(process, signal.SIGKILL)

    watchdog = threading.Timer(seconds, stop)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _ends_by_itself(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process ends soon: one whose output is at its end does, one that goes on writing does not."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_SECONDS)
    return process.returncode is not None


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the group that `process` leads, unless the group's number may have become another's.

    A number stays taken for as long as a member of the group lives, or its leader has not been waited for. Once it has,
    a process of that number is another one, which leads a group of its own.
    """
    if process.returncode is not None and _exists(process.pid):
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end_group(process: subprocess.Popen[bytes], grace: float = 5.0, *, politely: bool = True) -> None:
    """End a process and the group that it leads: with SIGTERM, then after `grace` seconds with SIGKILL.

    Without `politely`, only its standard input is closed at first. Members that outlive their leader are killed;
    those that left the group are not waited for, even if they hold on to the pipes.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        if politely or number == signal.SIGKILL:
            signal_group(process, number)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=grace)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
