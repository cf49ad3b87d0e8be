"""Namespaces are set up or refused with the reason, and no process of them is left behind."""

from __future__ import annotations

import os
import select
import subprocess
from pathlib import Path

import pytest
from fake_programs import Programs
from processes import expect_gone, pid_in

from media_guarantees.core.errors import BadInput
from media_guarantees.engine import namespaces
from media_guarantees.engine.namespaces import Namespaces, only_child

PORTS = range(61_000, 61_140)
# As `setpriv … unshare … sh`: one child, which says that it is ready and waits for the end of its input.
READY = "sh -c 'echo ready; read -r _'; :"


def fresh(tmp_path: Path) -> Namespaces:
    with (tmp_path / "lock").open("w") as lock:
        return Namespaces(tmp_path, "docker-init", PORTS, dict(os.environ), lock.fileno())


def test_they_end_with_their_first_process(tmp_path: Path, programs: Programs) -> None:
    programs.add("setpriv", READY)
    running = fresh(tmp_path)
    first = running.init_process()

    running.end()

    expect_gone(first)


def test_their_first_process_gets_the_ports_from_which_it_may_choose(tmp_path: Path, programs: Programs) -> None:
    programs.add("setpriv", READY)

    fresh(tmp_path).end()

    assert programs.calls("setpriv")[0].endswith(f"init {tmp_path} docker-init 61000 61139")


@pytest.mark.parametrize(("processes", "options"), [(True, "--mount --pid"), (False, "--mount")])
def test_a_command_enters_their_mounts_and_if_asked_their_processes(
    tmp_path: Path, programs: Programs, processes: bool, options: str
) -> None:
    programs.add("setpriv", READY)
    running = fresh(tmp_path)

    command = running.enter("true", processes=processes)

    assert " ".join(command) == f"nsenter --target {running.init_process()} {options} true"
    running.end()


def test_a_machine_that_gives_none_is_reported_in_its_words(tmp_path: Path, programs: Programs) -> None:
    programs.add("setpriv", "echo unshare: Operation not permitted >&2; exit 1")

    with pytest.raises(BadInput, match=r"gives no namespaces .*: unshare: Operation not permitted") as refused:
        fresh(tmp_path)

    assert "--privileged" in refused.value.hint


def test_a_set_up_that_hangs_is_not_waited_for_without_end(
    tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(namespaces, "BOOT_SECONDS", 0.05)
    programs.add("setpriv", "exec sleep 60")

    with pytest.raises(BadInput, match=r"gives no namespaces .*: they were not there after 0\.05 s"):
        fresh(tmp_path)


def test_a_set_up_that_is_interrupted_leaves_no_process(
    tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs.add("setpriv", f"echo $$ > {tmp_path}/pid; exec sleep 60")

    def interrupted(*_: object) -> None:
        pid_in(tmp_path / "pid")
        raise KeyboardInterrupt

    monkeypatch.setattr(select, "select", interrupted)

    with pytest.raises(KeyboardInterrupt):
        fresh(tmp_path)

    expect_gone(pid_in(tmp_path / "pid"))


def test_the_one_child_of_a_process_is_found() -> None:
    script = "sh -c 'echo $$; read -r _'; :"
    with subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())

        found = only_child(parent.pid)
        parent.communicate(b"\n")

    assert found == child != parent.pid
