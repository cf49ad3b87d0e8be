"""The entry point of every command: ``python -m media_guarantees COMMAND``, or ``media-guarantees`` once installed.

Only the standard library is imported here, and a command's module only when that command is asked for. So a server
with nothing but Python can check an archive.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from media_guarantees import __version__
from media_guarantees.core.paths import ROOT

USAGE_ERROR = 2


class Command(NamedTuple):
    """A command: the module of `cli` whose `main` runs it, with `prefix` in front of the arguments.

    `unfinished` is the exit status when Ctrl-C, a closed pipe, a wrong option or a fault of our own ends it early. It
    must not be taken for a finding.
    """

    module: str
    summary: str
    prefix: tuple[str, ...] = ()
    needs_checkout: bool = True
    unfinished: int = USAGE_ERROR


COMMANDS = {
    "check-archive": Command("check_archive", "say whether a backup can be relied on", needs_checkout=False),
    "monitor": Command(
        "monitor", "report the last restore drill to a monitoring system", needs_checkout=False, unfinished=3
    ),
    "read-guide": Command("read_guide", "show what is read out of a storage guide", needs_checkout=False),
    "verify-statement": Command(
        "verify_statement", "say who signed the statement about a run, and what differs here", needs_checkout=False
    ),
    "up": Command("kept_stack", "start the stack and keep it running", ("up",)),
    "shell": Command("kept_stack", "open a shell in which the guide's commands work", ("shell",)),
    "logs": Command("kept_stack", "show the logs of the running stack", ("logs",)),
    "down": Command("kept_stack", "stop the stack that `up` started", ("down",)),
    "clean": Command("clean", "remove everything that runs have left behind"),
}


def program() -> int:
    """Run the command line of this process; return its exit status."""
    arguments = sys.argv[1:]
    if isinstance(sys.stdout, io.TextIOWrapper):  # a file name may hold what the terminal can't encode
        sys.stdout.reconfigure(errors="backslashreplace")
    elif sys.stdout is None:  # the caller closed it
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - for as long as the process lives
    try:
        try:
            return main(arguments)
        finally:
            sys.stdout.flush()  # here, as Python reports a failure of its own flush with a traceback
    except (BrokenPipeError, KeyboardInterrupt):
        command = COMMANDS.get(arguments[0]) if arguments else None
        os._exit(command.unfinished if command else USAGE_ERROR)


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name, and return its exit status."""
    name, *rest = arguments or ["--help"]
    if name in ("-h", "--help"):
        sys.stdout.write(usage())
        return 0
    if name == "--version":
        sys.stdout.write(f"media-guarantees {__version__}\n")
        return 0
    command = COMMANDS.get(name)
    if command is None:
        return refuse(f"there is no command {name!r}", f"choose one of {', '.join(COMMANDS)}")
    if command.needs_checkout and not (ROOT / "Makefile").is_file():
        return refuse(f"{name} needs the repository, and this is an installed package", f"make {name}, in a checkout")
    return run(name, command, rest)


def run(name: str, command: Command, arguments: Sequence[str]) -> int:
    """Run a command; return its exit status. Whatever it did not foresee is reported in words, and found nothing."""
    try:
        status: int = import_module(f"media_guarantees.cli.{command.module}").main([*command.prefix, *arguments])
    except SystemExit as ended:  # argparse: --help, or a wrong option
        return command.unfinished if ended.code == USAGE_ERROR else int(ended.code or 0)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - a traceback would end with status 1, which means "refused"
        sys.stderr.write(
            f"{name} stopped before it was finished: {type(error).__name__}: {error}, {_place(error)}\n"
            "  means: nothing was found out, good or bad\n"
            "  hint: try again; if it happens again, report this line as a fault of this program\n"
        )
        return command.unfinished
    return status


def _place(error: Exception) -> str:
    """Return where an exception was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"


def refuse(problem: str, hint: str) -> int:
    """Report a command line that can't be run; return the exit status for it."""
    sys.stderr.write(f"{problem}\n  hint: {hint}\n")
    return USAGE_ERROR


def usage() -> str:
    """Return the text of ``--help``."""
    width = max(map(len, COMMANDS))
    rows = "".join(f"  {name:<{width}}  {command.summary}\n" for name, command in COMMANDS.items())
    return (
        "usage: media-guarantees COMMAND [ARGUMENT...]\n\n"
        f"Commands:\n{rows}\n"
        "COMMAND --help explains its arguments. --version prints the version. `make` lists what a checkout can do.\n"
    )


if __name__ == "__main__":
    sys.exit(program())
