"""How a private engine starts and ends, and how the leftovers of a killed run are removed.

The guarantees test what needs root and a `dockerd`.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fake_programs import Programs

from media_guarantees.core.errors import BadInput
from media_guarantees.core.waiting import DeadlineExceeded
from media_guarantees.engine import address_lease, private_engine
from media_guarantees.engine.engine_slot import Slot
from media_guarantees.engine.private_engine import (
    PrivateEngine,
    remove_cgroups,
    remove_folder,
    running_engine,
    sweep,
)
from media_guarantees.engine.toolchain import EngineTools

SETTINGS = {"features": {"containerd-snapshotter": True}}


@pytest.fixture(name="temporary")
def _temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put temporary folders where they can be counted, under a path short enough for a socket's address."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.fixture(name="programs")
def _programs(programs: Programs) -> Programs:
    programs.add("dockerd")
    return programs


@pytest.fixture(name="tools")
def _tools(programs: Programs) -> EngineTools:
    return EngineTools({"PATH": programs.path})


@pytest.fixture(name="running")
def _running(tmp_path: Path, temporary: Path, slot: Slot, programs: Programs) -> Iterator[PrivateEngine]:
    """Boot an engine of shell scripts: its first process holds a pipe open, and its daemon ends with that."""
    del temporary
    pipe, bind = tmp_path / "pipe", "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
    os.mkfifo(pipe)
    programs.add("docker-init")
    programs.add("setpriv", f"sh -c 'exec 3<> {pipe}; echo ready; read -r _'; :")
    find = "for word; do case $word in --host=unix://*) socket=${word#*//};; esac; done"
    # One child, as nsenter(1) has; it opens the pipe first, so that it can't miss its end. Without socket it ends.
    daemon = f'exec 4< {pipe}; {sys.executable} -c "{bind}" "$0" && exec cat <&4'
    programs.add("nsenter", f"{find}\nsh -c '{daemon}' \"$socket\"; :")
    engine = PrivateEngine(slot, EngineTools({"PATH": programs.path}, settings=SETTINGS))
    try:
        engine.boot()
        yield engine
    finally:
        engine.shut_down()


@pytest.fixture(name="booted")
def _booted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Boot no engine, but record the slot that it would have used."""
    booted: list[str] = []

    def boot(engine: PrivateEngine) -> None:
        engine.slot.record_folder(engine.folder)
        engine.folder.mkdir()
        booted.append(engine.slot.folder.name)

    monkeypatch.setattr(PrivateEngine, "boot", boot)
    return booted


def leave_behind(slot: Slot, folder: Path) -> None:
    """Leave a slot as a killed run does: unlocked, with a recorded folder that has to be removed."""
    folder.mkdir()
    slot.record_folder(folder)
    slot.release()


def test_a_slot_stays_taken_for_as_long_as_anything_of_its_engine_lives(running: PrivateEngine) -> None:
    running.slot.release()  # as when the run was killed

    assert not Slot(running.slot.folder).take()
    running.crash()
    other = Slot(running.slot.folder)
    assert other.take()
    other.release()


def test_the_engine_is_configured_with_the_settings_of_its_version_and_none_of_the_machines(
    running: PrivateEngine,
) -> None:
    file = running.folder / "daemon.json"

    assert json.loads(file.read_text()) == SETTINGS
    assert f"--config-file={file}" in running._dockerd()


def test_empty_cgroups_go_from_every_hierarchy_with_all_below_them(tmp_path: Path) -> None:
    for path in ("mine/a/b", "memory/mine/c", "theirs/mine-too", "cpu/theirs"):
        (tmp_path / path).mkdir(parents=True)

    remove_cgroups("mine", tmp_path)

    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert left == ["cpu", "cpu/theirs", "memory", "theirs", "theirs/mine-too"]


def test_a_cgroup_that_is_in_use_stays_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    (tmp_path / "mine/a").mkdir(parents=True)
    (tmp_path / "mine/b").mkdir()
    (tmp_path / "mine/a/in use").touch()

    remove_cgroups("mine", tmp_path)

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "in use", "mine"]


def test_the_folder_of_a_killed_run_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "media-verify-abc"
    (folder / "layers").mkdir(parents=True)

    remove_folder(folder)

    assert not folder.exists()


@pytest.mark.parametrize("name", ["home", "x-media-verify-abc", "media-verify-file", "media-verify-link"])
def test_a_folder_that_no_run_made_is_never_removed(tmp_path: Path, name: str) -> None:
    for folder in ("home", "x-media-verify-abc"):
        (tmp_path / folder).mkdir()
    (tmp_path / "media-verify-file").touch()
    (tmp_path / "media-verify-link").symlink_to(tmp_path / "home")

    remove_folder(tmp_path / name)

    assert (tmp_path / name).exists()


def test_the_socket_is_in_a_short_private_place(slot: Slot, tools: EngineTools) -> None:
    engine = PrivateEngine(slot, tools)

    assert engine.host == f"unix://{engine.folder}/docker.sock"
    assert len(os.fsencode(engine.socket)) < 100, "unix(7) has room for 107 bytes"


@pytest.mark.usefixtures("temporary")
@pytest.mark.parametrize(
    "option", ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"]
)
def test_the_engine_leaves_the_machines_network_alone(slot: Slot, tools: EngineTools, option: str) -> None:
    assert option in PrivateEngine(slot, tools)._dockerd()


def name_servers(slot: Slot, tools: EngineTools) -> list[str]:
    return [word for word in PrivateEngine(slot, tools)._dockerd() if word.startswith("--dns=")]


@pytest.mark.usefixtures("temporary")
def test_a_name_that_is_no_services_is_asked_of_none_of_the_machines_name_servers(
    slot: Slot, tools: EngineTools, programs: Programs
) -> None:
    programs.add("dockerd", "echo 'Docker version 20.10.24+dfsg1, build 5d6db84'")

    assert name_servers(slot, tools) == ["--dns=127.0.0.1"], "inside of a container that is the container itself"


@pytest.mark.usefixtures("temporary")
@pytest.mark.parametrize("says", ["Docker version 26.1.5+dfsg1, build a72d7cd", "something else"])
def test_an_engine_whose_builds_take_its_name_server_keeps_the_machines(
    slot: Slot, tools: EngineTools, programs: Programs, says: str
) -> None:
    programs.add("dockerd", f"echo '{says}'")

    assert name_servers(slot, tools) == [], "a build could download nothing"


@pytest.mark.usefixtures("temporary")
def test_the_engine_keeps_everything_in_its_slot_and_its_folder(slot: Slot, tools: EngineTools) -> None:
    engine = PrivateEngine(slot, tools)

    options = dict(word.partition("=")[::2] for word in engine._dockerd()[1:])

    assert options["--data-root"] == str(slot.folder / "data")
    assert options["--host"] == engine.host
    assert options["--config-file"] == str(engine.folder / "daemon.json"), "the machine's own must not be read"
    assert options["--cgroup-parent"] == f"/{slot.cgroup}"


@pytest.mark.usefixtures("temporary")
def test_the_client_gets_the_engines_address(slot: Slot, tools: EngineTools, programs: Programs) -> None:
    programs.add("docker", 'echo "$DOCKER_HOST $*"')
    engine = PrivateEngine(slot, tools)

    assert engine.docker("ps").text == f"{engine.host} ps"


@pytest.mark.usefixtures("temporary")
def test_a_daemon_that_ends_at_once_is_reported_with_its_last_words(
    slot: Slot, tools: EngineTools, programs: Programs
) -> None:
    programs.add("docker-init")
    programs.add("setpriv", "sh -c 'echo ready; read -r _'; :")
    programs.add("nsenter", "echo no space >&2; exit 1")
    engine = PrivateEngine(slot, tools)

    with pytest.raises(DeadlineExceeded, match="the private engine answers is pointless: dockerd ended: no space"):
        engine.boot()

    engine.shut_down()


def test_while_an_engine_runs_what_to_sweep_is_written_down(running: PrivateEngine) -> None:
    assert running.slot.recorded_folders() == [running.folder]
    assert running.folder.stat().st_mode & 0o077 == 0, "access to the socket is root access"


def test_each_start_of_the_daemon_is_distinguished_from_the_next(running: PrivateEngine) -> None:
    first = running.daemon_instance()
    running.kill_daemon()
    running.start_daemon()

    assert re.fullmatch(r"dockerd \d+, started at tick \d+", first)
    assert running.daemon_instance() != first


def test_after_a_crash_the_engine_can_be_booted_again(running: PrivateEngine) -> None:
    running.crash()
    with pytest.raises(ProcessLookupError, match="switched off"):
        running.daemon_instance()

    running.boot()

    assert running.daemon_instance()


def test_a_small_disk_is_mounted_where_the_engine_sees_it_and_nowhere_else(
    running: PrivateEngine, programs: Programs, tmp_path: Path
) -> None:
    programs.add("nsenter")

    with running.small_disk(tmp_path, "size=64k") as seen:
        assert re.fullmatch(rf"/proc/\d+/root{re.escape(str(tmp_path))}", str(seen))

    mount, umount = programs.calls("nsenter")[-2:]
    assert mount.endswith(f"--mount mount -t tmpfs -o size=64k media-verify {tmp_path}")
    assert umount.endswith(f"--mount umount {tmp_path}")


def test_an_engine_that_is_shut_down_has_removed_all_it_held(running: PrivateEngine, programs: Programs) -> None:
    programs.add("docker", "echo a")

    running.shut_down()

    assert "volume rm --force a" in programs.calls("docker")
    assert not running.folder.exists()


@pytest.mark.usefixtures("temporary")
@pytest.mark.parametrize("ask", [PrivateEngine.daemon_instance, PrivateEngine.kill_daemon])
def test_an_engine_that_is_switched_off_has_no_daemon(
    slot: Slot, tools: EngineTools, ask: Callable[[PrivateEngine], object]
) -> None:
    with pytest.raises(ProcessLookupError, match="switched off"):
        ask(PrivateEngine(slot, tools))


@pytest.mark.usefixtures("temporary")
def test_an_engine_that_is_switched_off_may_be_crashed_once_more(slot: Slot, tools: EngineTools) -> None:
    PrivateEngine(slot, tools).crash()


@pytest.mark.usefixtures("temporary")
def test_clearing_removes_containers_networks_and_volumes_but_no_image(
    slot: Slot, tools: EngineTools, programs: Programs
) -> None:
    programs.add("docker", 'case "$*" in *rm*) ;; *) echo a; echo b;; esac')

    PrivateEngine(slot, tools).clear()

    assert [call for call in programs.calls("docker") if "rm" in call.split()] == [
        "rm --force --volumes a b",
        "network rm a b",
        "volume rm --force a b",
    ]


@pytest.mark.usefixtures("temporary")
def test_an_empty_engine_is_not_asked_to_remove_anything(slot: Slot, tools: EngineTools, programs: Programs) -> None:
    PrivateEngine(slot, tools).clear()

    assert len(programs.calls("docker")) == 3, "only the three listings"


@pytest.mark.usefixtures("booted")
def test_an_engine_that_ends_leaves_nothing_to_sweep(temporary: Path, tools: EngineTools, tmp_path: Path) -> None:
    with running_engine(tmp_path / "cache", tools) as engine:
        assert engine.slot.recorded_folders() == [engine.folder]

    assert Slot(engine.slot.folder).recorded_folders() == []
    assert not list(temporary.iterdir())


def test_an_engine_that_does_not_boot_leaves_nothing_to_sweep(
    temporary: Path, tools: EngineTools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def boot(engine: PrivateEngine) -> None:
        engine.slot.record_folder(engine.folder)
        engine.folder.mkdir()
        raise OSError("no namespaces")

    monkeypatch.setattr(PrivateEngine, "boot", boot)

    with pytest.raises(OSError, match="no namespaces"), running_engine(tmp_path / "cache", tools):
        pass

    assert not list(temporary.iterdir())
    slot = Slot(tmp_path / "cache/engine/0")
    assert slot.take(), "the slot must be free for the next run"
    assert slot.recorded_folders() == []
    slot.release()


@pytest.mark.usefixtures("slot")
def test_one_run_too_many_is_refused_and_has_to_wait(
    tools: EngineTools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_lease, "POOLS", address_lease.POOLS[:1])

    with pytest.raises(BadInput, match="1 private engines are running on this machine already") as refused:
        with running_engine(tmp_path / "cache", tools):
            pass

    assert refused.value.hint == "wait until one of them is over"


@pytest.mark.usefixtures("temporary")
def test_a_run_beside_another_leaves_its_slot_alone(
    slot: Slot, tools: EngineTools, tmp_path: Path, booted: list[str]
) -> None:
    slot.record_folder(Path("/tmp/media-verify-in-use"))

    with running_engine(tmp_path / "cache", tools):
        pass

    assert booted == ["1"]
    assert slot.recorded_folders() == [Path("/tmp/media-verify-in-use")]


def test_what_a_killed_run_left_in_the_slot_is_swept_by_the_run_that_takes_it(
    slot: Slot, temporary: Path, tools: EngineTools, tmp_path: Path, booted: list[str]
) -> None:
    leave_behind(slot, temporary / "media-verify-dead")

    with running_engine(tmp_path / "cache", tools):
        pass

    assert not (temporary / "media-verify-dead").exists()
    assert booted == ["0"]


def test_what_a_killed_run_left_in_another_slot_is_swept_by_its_own_engine_booted_once_more(
    slot: Slot, temporary: Path, tools: EngineTools, tmp_path: Path, booted: list[str]
) -> None:
    leave_behind(slot, temporary / "media-verify-dead")

    sweep(tmp_path / "cache", tools)

    assert booted == ["0"], "only the engine that made a bridge knows it for its own"
    assert not list(temporary.iterdir())
    assert slot.recorded_folders() == []


def test_a_run_sweeps_the_other_slots_before_it_starts(
    slot: Slot, temporary: Path, tools: EngineTools, tmp_path: Path, booted: list[str]
) -> None:
    other = Slot(slot.folder.with_name("1"))
    assert other.take()
    leave_behind(other, temporary / "media-verify-dead")
    slot.release()

    with running_engine(tmp_path / "cache", tools):
        assert booted == ["1", "0"]
        assert not (temporary / "media-verify-dead").exists()


def test_what_an_engine_of_another_version_left_is_swept_by_one_of_that_version(
    slot: Slot, temporary: Path, tools: EngineTools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot.release()
    assert slot.take("26.1")
    leave_behind(slot, temporary / "media-verify-dead")
    booted: list[str] = []
    monkeypatch.setattr(private_engine, "engine_tools", lambda _, version: replace(tools, version=version))
    monkeypatch.setattr(PrivateEngine, "boot", lambda engine: booted.append(engine.tools.version))

    sweep(tmp_path / "cache", tools)

    assert booted == ["26.1"]


@pytest.mark.usefixtures("temporary", "booted")
def test_a_run_starts_with_an_empty_engine(tools: EngineTools, programs: Programs, tmp_path: Path) -> None:
    programs.add("docker", "echo a")

    with running_engine(tmp_path / "cache", tools):
        assert "rm --force --volumes a" in programs.calls("docker")


@pytest.mark.usefixtures("temporary")
def test_a_slot_that_was_left_in_order_is_not_booted(
    slot: Slot, tools: EngineTools, tmp_path: Path, booted: list[str]
) -> None:
    slot.release()

    sweep(tmp_path / "cache", tools)

    assert booted == []
