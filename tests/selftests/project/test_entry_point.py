"""Every command runs as ``python -m media_guarantees COMMAND`` and has its own ``--help``."""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import IO

import pytest

from media_guarantees import __main__ as entry

ROOT = Path(__file__).parents[3]
MAKEFILE = (ROOT / "Makefile").read_text()
# A server that runs one of them may have nothing but Python.
ON_BARE_PYTHON = list(entry.COMMANDS)


def run(*arguments: str, stdout: int | IO[bytes] = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run the program as a person does, without the virtual environment's packages (-S)."""
    command = [sys.executable, "-S", "-m", "media_guarantees", *arguments]
    return subprocess.run(command, cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)


@pytest.mark.parametrize("name", ON_BARE_PYTHON)
def test_a_command_explains_itself_on_a_bare_python(name: str) -> None:
    finished = run(name, "--help")

    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith(f"usage: media-guarantees {name} ")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_every_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(arguments) == 0

    listed = re.findall(r"^  (\S+)  +\S", capsys.readouterr().out, re.MULTILINE)
    assert listed == list(entry.COMMANDS)


def test_a_command_that_does_not_exist_is_refused_with_those_that_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["check_archive"]) == 2

    assert capsys.readouterr().err.splitlines() == [
        "there is no command 'check_archive'",
        f"  hint: choose one of {', '.join(entry.COMMANDS)}",
    ]


@pytest.mark.parametrize("command", entry.COMMANDS.values(), ids=entry.COMMANDS)
def test_a_command_is_a_main_function_of_the_cli_room(command: entry.Command) -> None:
    assert callable(import_module(f"media_guarantees.cli.{command.module}").main)


def test_an_installed_package_refuses_what_needs_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(entry, "ROOT", tmp_path)

    refused = {name for name, command in entry.COMMANDS.items() if command.needs_checkout and entry.main([name]) == 2}

    assert refused == {"up", "shell", "logs", "down", "clean"}
    assert "clean needs the repository" in capsys.readouterr().err


def test_make_and_the_recipes_know_only_commands_that_exist() -> None:
    recipes = "".join(path.read_text() for path in (ROOT / "recipes").iterdir())
    called = re.findall(r"-m media_guarantees ([\w$-]\S*)", MAKEFILE + recipes)

    assert called, "nothing calls the entry point"
    assert set(called) <= set(entry.COMMANDS)


def test_a_reader_that_closed_its_pipe_gets_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed_pipe:
        finished = run("--help", stdout=closed_pipe)

    assert (finished.returncode, finished.stderr) == (2, "")


def test_a_command_whose_output_is_closed_says_only_why_it_failed() -> None:
    command = f"{sys.executable} -S -m media_guarantees check-archive /nowhere >&-"

    finished = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (finished.returncode, finished.stderr.splitlines()[0]) == (2, "'/nowhere' isn't there")


@pytest.mark.parametrize(("name", "status"), [("check-archive", 2), ("monitor", 3), ("clean", 2)])
@pytest.mark.parametrize("fault", [KeyError("x"), RecursionError("deep"), MemoryError(), OSError("gone")], ids=repr)
def test_a_fault_of_our_own_is_no_finding(
    name: str, status: int, fault: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1 of check-archive means that the archive is refused, and 2 of a monitor that the backup is broken."""

    def fail(_: object) -> int:
        raise fault

    monkeypatch.setattr(f"media_guarantees.cli.{entry.COMMANDS[name].module}.main", fail)

    assert entry.main([name]) == status

    said = capsys.readouterr().err
    assert said.startswith(f"{name} stopped before it was finished: {type(fault).__name__}: ")
    assert "test_entry_point.py:" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(("name", "status"), [("check-archive", 2), ("monitor", 3)])
def test_a_wrong_option_is_no_finding(name: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main([name, "--no-such-option", "x"]) == status

    assert f"usage: media-guarantees {name}" in capsys.readouterr().err
