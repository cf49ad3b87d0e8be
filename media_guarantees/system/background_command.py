"""Commands and threads that run while a test does something else. None outlives its block."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from media_guarantees.core import journal
from media_guarantees.core.waiting import wait_until
from media_guarantees.system import commands


class Background:
    """A program in a process group of its own, whose output is collected as it comes."""

    def __init__(
        self, args: Sequence[str], *, cwd: Path, env: Mapping[str, str], start: commands.Starter | None = None
    ) -> None:
        self._args = tuple(args)
        self._process = (start or subprocess.Popen)(
            args,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._said = {"stdout": bytearray(), "stderr": bytearray()}
        self._listeners = [
            threading.Thread(target=self._listen, args=(name, getattr(self._process, name)), daemon=True)
            for name in self._said
        ]
        for listener in self._listeners:
            listener.start()

    def _listen(self, name: str, stream: IO[bytes]) -> None:
        while piece := os.read(stream.fileno(), 65536):
            self._said[name].extend(piece)

    @property
    def running(self) -> bool:
        """Whether it is still running."""
        return self._process.poll() is None

    @property
    def _may_speak(self) -> bool:
        """Whether more output can come: it runs, or its last output is still being read."""
        return self.running or any(listener.is_alive() for listener in self._listeners)

    def wait_for_output(self, text: bytes, *, seconds: float = 60.0) -> None:
        """Wait until `text` is in its output; raises `DeadlineExceeded` as soon as it has ended without."""
        wait_until(
            lambda: any(text in said for said in self._said.values()),
            what=f"the command says {text.decode()!r}",
            seconds=seconds,
            died=lambda: None if self._may_speak else f"it ended with status {self._process.returncode}",
            every=0.002,
        )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole process group, as a terminal does."""
        commands.signal_group(self._process, number)

    def freeze(self) -> None:
        """Stop it where it is, without letting it react (SIGSTOP)."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it continue (SIGCONT)."""
        self.signal(signal.SIGCONT)

    def run_for(self, seconds: float) -> bool:
        """Let it go on for so many seconds and stop it where it is then; False if it is over by then."""
        self.thaw()
        if self.ends_within(seconds):
            return False
        self.freeze()
        return self.running

    def ends_within(self, seconds: float) -> bool:
        """Wait for its end for so many seconds at most, and say whether it came."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return not self.running

    def finish(self, *, seconds: float = 120.0) -> commands.Outcome:
        """Wait until it ends, for at most `seconds`, and return how it ended."""
        with journal.timed("guide", " ".join(self._args)) as event:
            self._process.wait(seconds)
            for listener in self._listeners:
                listener.join(seconds)
            event.status = self._process.returncode
        said = {name: bytes(text) for name, text in self._said.items()}
        return commands.Outcome(self._args, self._process.returncode, said["stdout"], said["stderr"], event.seconds)

    def end(self) -> None:
        """Kill what is left of it."""
        for number in (signal.SIGCONT, signal.SIGKILL):
            self.signal(number)
        self._process.wait()
        for listener in self._listeners:
            listener.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def started(
    args: Sequence[str], *, cwd: Path, env: Mapping[str, str], start: commands.Starter | None = None
) -> Iterator[Background]:
    """Start a program that is killed at the end of the block, if it still runs."""
    process = Background(args, cwd=cwd, env=env, start=start)
    try:
        yield process
    finally:
        process.end()


@contextmanager
def in_background(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Run `work` in a thread during the block. It is passed an event, and returns when that is set.

    After the block, raises the exception that ended `work`, if any.
    """
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        try:  # around the start as well: Ctrl-C may come while it is waited for, and the pool waits for its end
            working = pool.submit(work, over)
            yield
        finally:
            over.set()
    working.result()
