"""A stack that keeps running: ``make up``, ``make shell``, ``make logs``, ``make down``.

The stack belongs to a pytest process of its own, and ends with it. The file `STATE` says how to reach the stack while
that process lives.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from shlex import quote

from media_guarantees.core.errors import BadInput, PromiseBroken
from media_guarantees.core.files import atomic_write
from media_guarantees.core.paths import CACHE, ROOT
from media_guarantees.core.waiting import wait_until
from media_guarantees.system.run_id import start_ticks

STATE = CACHE / "up" / "state.json"
LOG = STATE.with_name("pytest.log")
KEEPER = (sys.executable, "-m", "pytest", "-q", "-s", "tests/up")
UP_SECONDS = 900.0  # the first time, engine and images are fetched
DOWN_SECONDS = 120.0
_COMMANDS = {
    "up": "Start the stack and keep it running. Further arguments are options of the run: see `pytest --help`.",
    "shell": "Open a shell in the deployment's folder, in which the guide's commands work.",
    "logs": "Show the logs of the containers. Further arguments are those of `docker-compose logs`.",
    "down": "Stop the stack that `up` started.",
}
_REACH = ("DOCKER_HOST", "DOCKER_CONFIG", "BUILDX_CONFIG")


@dataclass(frozen=True)
class KeptStack:
    """How to reach a stack, and which process keeps it.

    `programs` goes in front of the PATH, `token` is for uploads.
    """

    pid: int
    ticks: str
    address: str
    folder: str
    programs: str
    reach: dict[str, str]
    service: str
    token: str

    @property
    def shell_lines(self) -> list[str]:
        """Shell commands after which the guide's commands work."""
        exports = [f"export {name}={quote(value)}" for name, value in self.reach.items()]
        return [*exports, f'export PATH={quote(self.programs)}:"$PATH"', f"cd {quote(self.folder)}"]

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, set up so that commands reach the stack."""
        path = os.pathsep.join([self.programs, os.environ.get("PATH", os.defpath)])
        return {**os.environ, **self.reach, "PATH": path, "CONNECT_API_TOKEN": self.token}

    @property
    def is_kept(self) -> bool:
        """Whether the process that keeps it still runs."""
        return bool(self.ticks) and start_ticks(self.pid) == self.ticks


def describe(address: str, folder: Path, environment: dict[str, str], service: str, token: str) -> KeptStack:
    """Return how to reach the stack of this process."""
    programs = environment["PATH"].partition(os.pathsep)[0]
    reach = {name: environment[name] for name in _REACH if name in environment}
    ticks = start_ticks(os.getpid())
    return KeptStack(os.getpid(), ticks, address, str(folder), programs, reach, service, token)


@contextmanager
def written_down(kept: KeptStack, file: Path | None = None) -> Iterator[None]:
    """Write `STATE` during the block, unless another stack is kept already.

    The file holds the token: mode 0600.
    """
    file = file or STATE
    if find(file) is not None:
        yield
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    atomic_write(file, json.dumps(asdict(kept)))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def find(file: Path | None = None) -> KeptStack | None:
    """Return the kept stack, or None."""
    with suppress(FileNotFoundError, ValueError, TypeError):
        kept = KeptStack(**json.loads((file or STATE).read_text()))
        return kept if kept.is_kept else None
    return None


def up(options: Sequence[str], say: Callable[[str], object]) -> None:
    """Start a stack and keep it, and print how to reach it. A stack that runs already is left as it is."""
    if find() is None:
        LOG.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with LOG.open("wb") as log:
            keeper = subprocess.Popen(
                [*KEEPER, *options], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        _wait_for(keeper, say)
        # It outlives this process. A test outlives it: without this thread it would stay a zombie.
        threading.Thread(target=keeper.wait, daemon=True).start()
    kept = find()
    if kept is not None:
        say("\n".join(instructions(kept)) + "\n")


def _wait_for(keeper: subprocess.Popen[bytes], say: Callable[[str], object]) -> None:
    """Wait until the stack is up, and print its keeper's output."""
    with LOG.open(errors="replace") as log:

        def stands() -> bool:
            say(log.read())
            return find() is not None

        def ended() -> str | None:
            return None if keeper.poll() is None else "it could not be brought up"

        try:
            wait_until(stands, what="the stack is up", seconds=UP_SECONDS, died=ended, every=0.1)
        except PromiseBroken as failure:
            keeper.terminate()
            raise BadInput(str(failure), f"see above, or {LOG}") from None
        except BaseException:  # Ctrl-C: what starts after this process has ended would stay
            keeper.terminate()
            raise


def instructions(kept: KeptStack) -> list[str]:
    """Return lines that explain how to reach a stack."""
    lines = [f"The stack is up, at {kept.address}", f"  token: {kept.token}", "  in a shell of yours:"]
    commands = (
        "make shell  a shell in the deployment's folder, where the guide's commands work",
        "make logs   what its containers say",
        "make down   takes it down",
    )
    return [*lines, *(f"    {line}" for line in kept.shell_lines), *(f"  {line}" for line in commands)]


def down(say: Callable[[str], object]) -> None:
    """Stop the kept stack, and wait until it is gone."""
    kept = find()
    if kept is None:
        say("no stack is up\n")
        return
    os.kill(kept.pid, signal.SIGTERM)
    wait_until(lambda: not kept.is_kept, what="the stack is taken down", seconds=DOWN_SECONDS, every=0.05)
    say("taken down\n")


def enter(args: Sequence[str]) -> None:
    """Replace this process by a program in an environment where the guide's commands work."""
    kept = find()
    if kept is None:
        raise BadInput("no stack is up", "make up")
    os.chdir(kept.folder)
    sys.stdout.flush()
    os.execvpe(args[0], list(args), kept.environment)  # noqa: S606 - the person's own shell, at their own terminal


def main(arguments: Sequence[str]) -> int:
    """Run the first of the arguments, a command, with the rest of them; return an exit status."""
    command, args = _parse(arguments)

    try:
        if command == "up":
            up(args, _say)
        elif command == "down":
            down(_say)
        elif command == "logs":
            enter(["docker-compose", "logs", *args])
        else:
            enter([os.environ.get("SHELL", "/bin/sh"), *args])
    except (BadInput, PromiseBroken) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _say(text: str) -> None:
    """Write to the terminal. A closed terminal ends neither the start of a stack nor this program."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        # What could not be written stays in the buffer, and would fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parse(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Return the command, and the arguments that are for pytest, for Compose's ``logs`` or for the shell."""
    parser = argparse.ArgumentParser(prog="media-guarantees", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in _COMMANDS.items():
        commands.add_parser(name, description=text, allow_abbrev=False)
    known, rest = parser.parse_known_args(arguments)
    return known.command, rest
