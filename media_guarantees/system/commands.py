"""Running programs: argument lists in, outcome out, every run journalled, nobody left running."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from media_guarantees.core import journal

TIMEOUT = 600.0


def in_words(args: Sequence[str]) -> str:
    """Return a command as it would be typed, its secrets concealed before quoting can disguise them."""
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
        """The last lines of what it said on standard error, or else on standard output."""
        said = (self.stderr.strip() or self.stdout.strip()).decode(errors="replace")
        return journal.redact("\n".join(said.splitlines()[-12:]))

    def __str__(self) -> str:
        return f"`{in_words(self.args)}` ended with status {self.status}: {self.complaint}"


class CommandFailed(Exception):  # noqa: N818 - reads as the sentence it is
    """A program that the suite itself needs ended with another status than 0."""

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
    timeout: float = TIMEOUT,
    kind: str = "command",
    terminal: bool = False,
) -> Outcome:
    """Run a program to its end and return how it ended, whatever the status. Its output may go `into` a file.

    Its standard input is `stdin`, or a `terminal` at which nobody types, or else nothing. It leads a process group of
    its own, which is ended when it overstays `timeout` (seconds) or when the run is interrupted. Raises
    `FileNotFoundError` without the program, `subprocess.TimeoutExpired` when too late.
    """
    with journal.timed(kind, in_words(args)) as event, _idle_terminal() if terminal else nullcontext() as idle:
        process = subprocess.Popen(
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
    """A terminal for the block, as a program sees it (pty(7))."""
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


def end_group(process: subprocess.Popen[bytes], grace: float = 5.0, *, politely: bool = True) -> None:
    """End a process and the group that it leads: politely, then after `grace` seconds for good.

    Without `politely` it is only told by the end of its input, until `grace` is over. Whoever of the group outlives
    its leader is killed; whoever left the group is not waited for, even if it holds on to the pipes.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        if politely or number == signal.SIGKILL:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=grace)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
