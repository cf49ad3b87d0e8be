"""A kept stack can be found as long as the process that keeps it lives, and `down` ends both."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from media_guarantees.cli import kept_stack
from media_guarantees.cli.kept_stack import KeptStack
from media_guarantees.core.errors import BadInput
from media_guarantees.core.paths import ROOT
from media_guarantees.system.run_id import start_ticks

# A keeper without a stack: it records that it runs, and waits for a signal.
KEEPER = """\
import signal, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from media_guarantees.cli import kept_stack
print("· stack: waiting", flush=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
path = {{"PATH": "/x:/usr/bin:/bin"}}
reached = kept_stack.describe("http://127.0.0.1:1", Path({folder!r}), path, "web-project", "t0k3n")
with kept_stack.written_down(reached, Path({state!r})):
    signal.pause()
"""


@pytest.fixture(name="state", autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file that records the kept stack, in a separate checkout."""
    state = tmp_path / "up" / "state.json"
    script = KEEPER.format(root=str(ROOT), folder=str(tmp_path), state=str(state))
    monkeypatch.setattr(kept_stack, "STATE", state)
    monkeypatch.setattr(kept_stack, "LOG", state.with_name("log"))
    monkeypatch.setattr(kept_stack, "KEEPER", (sys.executable, "-c", script))
    monkeypatch.setattr(kept_stack, "UP_SECONDS", 30.0)
    yield state
    kept_stack.down(lambda _: None)


@pytest.fixture(name="mine")
def _mine(tmp_path: Path) -> KeptStack:
    """A stack that this process keeps."""
    environment = {"PATH": "/engine's/bin:/usr/bin", "DOCKER_HOST": "unix:///tmp/x.sock", "HOME": "/root"}
    return kept_stack.describe("http://127.0.0.1:8000", tmp_path, environment, "web-project", "t0k3n")


def test_a_stack_is_found_while_it_is_kept(mine: KeptStack, state: Path) -> None:
    with kept_stack.written_down(mine):
        assert kept_stack.find() == mine
        assert state.stat().st_mode & 0o077 == 0, "the token is for its owner alone"

    assert kept_stack.find() is None
    assert not state.exists()


def test_a_stack_whose_keeper_was_killed_is_not_found(mine: KeptStack) -> None:
    with kept_stack.written_down(replace(mine, ticks="1")):
        assert kept_stack.find() is None, "another process has taken the number"
    with kept_stack.written_down(replace(mine, pid=2**22 + 1)):
        assert kept_stack.find() is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_file_that_says_anything_else_is_no_stack(state: Path, content: str) -> None:
    state.parent.mkdir()
    state.write_text(content)

    assert kept_stack.find() is None


def test_a_second_stack_does_not_take_the_firsts_place(mine: KeptStack) -> None:
    with kept_stack.written_down(mine):
        with kept_stack.written_down(replace(mine, address="http://127.0.0.1:9")):
            assert kept_stack.find() == mine
        assert kept_stack.find() == mine, "the second has taken the first one along"


def test_the_instructions_of_a_kept_stack_are_complete(mine: KeptStack, tmp_path: Path) -> None:
    assert kept_stack.instructions(mine) == [
        "The stack is up, at http://127.0.0.1:8000",
        "  token: t0k3n",
        "  in a shell of yours:",
        "    export DOCKER_HOST=unix:///tmp/x.sock",
        """    export PATH='/engine'"'"'s/bin':"$PATH\"""",
        f"    cd {tmp_path}",
        "  make shell  a shell in the deployment's folder, where the guide's commands work",
        "  make logs   what its containers say",
        "  make down   takes it down",
    ]


def test_a_stack_that_is_no_longer_waited_for_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    keepers: list[subprocess.Popen[bytes]] = []

    class Keeper(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            keepers.append(self)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Keeper)
    monkeypatch.setattr(kept_stack, "wait_until", interrupt)

    status = kept_stack.main(["up"])

    assert status == 128 + signal.SIGINT
    (keeper,) = keepers
    assert keeper.wait(30) is not None


def test_a_terminal_that_is_gone_does_not_end_a_stack_that_comes_up(tmp_path: Path, state: Path) -> None:
    script = (
        f"import sys; from pathlib import Path; sys.path.insert(0, {str(ROOT)!r}); "
        f"from media_guarantees.cli import kept_stack as k; k.STATE = Path({str(state)!r}); "
        f"k.LOG = Path({str(state.with_name('log'))!r}); k.KEEPER = {kept_stack.KEEPER!r}; sys.exit(k.main(['up']))"
    )
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-c", script], stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, check=False
        )

    assert (ended.returncode, ended.stderr) == (0, b"")
    assert kept_stack.find() is not None


def test_a_stack_comes_up_announces_its_progress_and_goes_down_on_request() -> None:
    said: list[str] = []

    kept_stack.up([], said.append)

    kept = kept_stack.find()
    assert kept is not None
    assert kept.pid != os.getpid()
    assert "".join(said).startswith("· stack: waiting\nThe stack is up, at http://127.0.0.1:1\n")

    said.clear()
    kept_stack.down(said.append)
    assert said == ["taken down\n"]
    assert start_ticks(kept.pid) != kept.ticks
    assert kept_stack.find() is None


def test_a_stack_that_is_up_is_left_as_it_is() -> None:
    kept_stack.up([], lambda _: None)
    before = kept_stack.find()

    kept_stack.up([], lambda _: None)

    assert before is not None
    assert kept_stack.find() == before


def test_one_that_does_not_come_up_says_why_it_can_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_stack, "KEEPER", (sys.executable, "-c", "print('no engine'); raise SystemExit(4)"))
    said: list[str] = []

    with pytest.raises(BadInput, match="it could not be brought up"):
        kept_stack.up([], said.append)

    assert "no engine" in "".join(said)


@pytest.mark.parametrize("command", ["shell", "logs"])
def test_without_a_stack_there_is_no_shell(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert kept_stack.main([command]) == 2
    assert capsys.readouterr().err == "no stack is up\n  hint: make up\n"


@pytest.mark.parametrize(
    ("command", "args", "program"),
    [("shell", [], ["/bin/zsh"]), ("logs", ["--follow"], ["docker-compose", "logs", "--follow"])],
)
def test_a_shell_stands_where_the_guides_commands_work(
    mine: KeptStack, monkeypatch: pytest.MonkeyPatch, command: str, args: list[str], program: list[str]
) -> None:
    became: list[tuple[str, list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execvpe", lambda *what: became.append(what))
    monkeypatch.setenv("SHELL", "/bin/zsh")
    monkeypatch.chdir("/")

    with kept_stack.written_down(mine):
        assert kept_stack.main([command, *args]) == 0

    ((name, words, environment),) = became
    assert (name, words, str(Path.cwd())) == (program[0], program, mine.folder)
    assert environment["DOCKER_HOST"] == "unix:///tmp/x.sock"
    assert environment["PATH"].startswith("/engine's/bin:")
    assert environment["CONNECT_API_TOKEN"] == "t0k3n"


def test_without_a_stack_down_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert kept_stack.main(["down"]) == 0
    assert capsys.readouterr().out == "no stack is up\n"
