"""A resource's name shows which run created it, even after a kill; only resources of ended runs are removed."""

import fcntl
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from fake_programs import Programs

from media_guarantees.system import folder_lock
from media_guarantees.system.commands import CommandFailed
from media_guarantees.system.run_id import (
    EXPIRY_LABEL,
    RUN_LABEL,
    Run,
    expiring,
    is_over,
    run_folder,
    start_ticks,
    sweep_engine,
    this_run,
)

MINE = this_run(shared=True).identifier
BOOT, PID, TICKS = MINE.split("-")


@pytest.fixture(scope="module", name="ended")
def _ended() -> str:
    """Return the identifier of a run that has ended."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        identifier = f"{BOOT}-{process.pid}-{start_ticks(process.pid)}"
        assert not is_over(identifier), "it has not even ended"
        process.communicate()
    return identifier


def test_a_run_on_a_shared_engine_puts_its_identifier_before_every_name() -> None:
    assert this_run(shared=True).name("media_volume") == f"media-verify-{MINE}-media_volume"


def test_a_run_on_its_own_engine_leaves_names_as_they_are() -> None:
    assert this_run(shared=False).name("media_volume") == "media_volume"


def test_a_process_has_one_identifier_for_good() -> None:
    assert this_run(shared=False).identifier == this_run(shared=True).identifier == MINE


def test_everything_that_a_run_makes_can_be_known_by_its_label() -> None:
    assert Run("a-1-2").labels == {"media-verify": "run", "media-verify.run": "a-1-2"}


@pytest.mark.parametrize("around", ["{}", "media-verify-{}-media_volume", "f00 name {} and more"])
def test_a_run_that_has_ended_is_over_wherever_its_identifier_stands(ended: str, around: str) -> None:
    assert is_over(around.format(ended))


def test_a_run_in_progress_is_not_over() -> None:
    assert not is_over(this_run(shared=True).name("media_volume"))


def test_the_number_of_a_process_that_came_later_is_not_taken_for_the_run() -> None:
    assert is_over(f"{BOOT}-{PID}-{int(TICKS) - 1}"), "the number lives on, but under another process"


@pytest.mark.parametrize(
    "text",
    [f"{'0' * 8}-{2**22 + 1}-1", "media_volume", "", f"{BOOT}-{2**22 + 1}", "connect_media-2024-01"],
    ids=["another start of the machine", "no identifier", "nothing", "half an identifier", "a date"],
)
def test_a_run_of_unknown_state_is_not_over(text: str) -> None:
    assert not is_over(text)


def test_a_run_in_another_container_is_not_known_to_be_over(ended: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container has its own process ids: there, a run of this one may seem to have ended."""
    monkeypatch.setattr(Path, "readlink", lambda _self: Path("pid:[4026539999]"))

    assert not is_over(ended)
    assert not is_over(MINE)


def test_a_process_of_any_name_is_recognised(tmp_path: Path) -> None:
    program = tmp_path / "a) R 1"  # as hostile a name as proc(5) lets through
    shutil.copy(shutil.which("bash") or "", program)
    with subprocess.Popen([program, "-c", "read line"], stdin=subprocess.PIPE) as process:
        assert start_ticks(process.pid).isdecimal()
        assert int(start_ticks(process.pid)) >= int(TICKS)
        process.communicate()


def test_a_runs_folder_is_its_own_and_goes_with_the_run(tmp_path: Path) -> None:
    with run_folder(tmp_path / "cache", Run(MINE)) as folder:
        (folder / "file").touch()

        assert folder == tmp_path / "cache/runs" / MINE
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    assert not folder.exists()


def test_a_run_that_fails_leaves_no_folder_either(tmp_path: Path) -> None:
    def fail() -> None:
        with run_folder(tmp_path, Run(MINE)):
            raise ConnectionError("no answer")

    with pytest.raises(ConnectionError, match="no answer"):
        fail()

    assert list((tmp_path / "runs").iterdir()) == []


def test_folders_of_runs_that_are_over_are_swept_and_no_others(tmp_path: Path) -> None:
    in_progress = tmp_path / "runs" / "00000000-1-1"
    for folder in (in_progress, tmp_path / "runs" / "11111111-2-2"):
        (folder / "deep").mkdir(parents=True)

    with folder_lock.taken(in_progress), run_folder(tmp_path, Run(MINE)):
        left = {folder.name for folder in (tmp_path / "runs").iterdir()}

    assert left == {MINE, in_progress.name}


def test_a_folder_that_a_run_was_killed_over_before_it_had_its_name_is_swept(tmp_path: Path, ended: str) -> None:
    for identifier in (ended, MINE, "00000000-1-1"):
        (tmp_path / f".run-{identifier}-x").mkdir()

    with run_folder(tmp_path, Run(MINE)):
        left = {folder.name for folder in tmp_path.glob(".run-*")}

    assert left == {f".run-{MINE}-x", ".run-00000000-1-1-x"}


Engine = Callable[[Mapping[str, str]], Programs]
REMOVALS = ("rm ", "network rm ", "volume rm ", "image rm ")


@pytest.fixture(name="engine")
def _engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Stand in for an engine that lists these rows of each kind, and lets anything be removed."""

    def stand_in(rows: Mapping[str, str]) -> Programs:
        programs = Programs(tmp_path, monkeypatch)
        cases = [f'  "{listing} "*) cat <<\\END\n{text}\nEND\n;;' for listing, text in rows.items() if text]
        programs.add("docker", "\n".join(['case "$*" in', *cases, "esac"]))
        return programs

    return stand_in


def removals(programs: Programs) -> list[str]:
    return [call for call in programs.calls("docker") if call.startswith(REMOVALS)]


def sweep() -> None:
    sweep_engine(dict(os.environ))


def test_an_engine_that_holds_nothing_of_a_run_is_left_alone(engine: Engine) -> None:
    programs = engine({"ps -a": "f00 connect_web", "volume ls": "media_volume", "image ls": "ubuntu:latest"})

    sweep()

    assert removals(programs) == []


def test_containers_networks_and_volumes_are_known_by_their_label(engine: Engine, ended: str) -> None:
    programs = engine({"ps -a": f"f00 web {ended}", "network ls": f"ba4 net {ended}", "volume ls": f"vol {ended}"})

    sweep()

    assert removals(programs) == ["rm --force --volumes f00", "network rm ba4", "volume rm --force vol"]


def test_what_the_guides_commands_made_is_known_by_its_name(engine: Engine, ended: str) -> None:
    volume, image = f"media-verify-{ended}-media_volume", f"media-verify-{ended}-web:latest"
    programs = engine({"volume ls": volume, "image ls": image})

    sweep()

    assert removals(programs) == [f"volume rm --force {volume}", f"image rm --force {image}"]


def test_what_is_not_surely_over_is_left_alone(engine: Engine, ended: str) -> None:
    rows = [f"v1 {MINE}", f"media-verify-{MINE}-v2", "v3 00000000-1-1", "v4", f"v5 {ended}", "v6 media-verify"]
    programs = engine({"volume ls": "\n".join(rows)})

    sweep()

    assert removals(programs) == ["volume rm --force v5"]


def test_a_run_can_ask_for_what_is_its_own(engine: Engine, ended: str) -> None:
    programs = engine({"volume ls": f"v1 {MINE}\nv2 {ended}\nv3"})

    sweep_engine(dict(os.environ), lambda text: MINE in text)

    assert removals(programs) == ["volume rm --force v1"]


def test_containers_go_before_what_they_hold_on_to(engine: Engine, ended: str) -> None:
    programs = engine(dict.fromkeys(("volume ls", "network ls", "ps -a"), f"x {ended}"))

    sweep()

    assert [call.split()[0] for call in removals(programs)] == ["rm", "network", "volume"]


def test_stopped_containers_are_looked_at_and_asked_for_the_label(engine: Engine) -> None:
    programs = engine({})

    sweep()

    labels = f'{{{{.Label "{RUN_LABEL}"}}}} expires={{{{.Label "{EXPIRY_LABEL}"}}}}'
    row = f"{{{{.ID}}}} {{{{.Names}}}} {labels} {{{{.Mounts}}}}"
    assert f"ps -a --no-trunc --format {row}" in programs.calls("docker")


@pytest.mark.parametrize("mount", ["media-verify-{}-media_volume", "/srv/.cache/runs/{}/deployment/backups,/etc"])
def test_a_container_of_a_guides_command_is_known_by_what_it_mounts(engine: Engine, ended: str, mount: str) -> None:
    programs = engine({"ps -a": f"f00 quirky_name  {mount.format(ended)}\nba4 connect_web  media_volume"})

    sweep()

    assert removals(programs) == ["rm --force --volumes f00"]


def test_the_engine_that_is_swept_is_the_one_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Programs(tmp_path, monkeypatch).add("docker", f'echo "$DOCKER_HOST" >> {tmp_path}/hosts')

    sweep_engine({**os.environ, "DOCKER_HOST": "unix:///tmp/elsewhere"})

    assert set((tmp_path / "hosts").read_text().split()) == {"unix:///tmp/elsewhere"}


def test_an_engine_that_does_not_answer_is_no_empty_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Programs(tmp_path, monkeypatch).add("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")

    with pytest.raises(CommandFailed, match=r"docker ps .* ended with status 1: Cannot connect to the Docker daemon"):
        sweep()


def test_what_can_not_be_removed_does_not_keep_the_rest(engine: Engine, ended: str) -> None:
    programs = engine({"ps -a": f"f00 {ended}", "volume ls": f"vol {ended}"})
    docker = programs.folder / "docker"
    docker.write_text(docker.read_text() + '\ncase "$1" in rm) echo busy >&2; exit 1;; esac\n')

    sweep()

    assert removals(programs) == ["rm --force --volumes f00", "volume rm --force vol"]


OF_ANOTHER_MACHINE = "0badcafe-7-7"
PAST, FUTURE = "1700000000", "99999999999"


def test_what_a_killed_job_of_another_machine_left_on_a_live_server_goes_once_it_has_expired(engine: Engine) -> None:
    programs = engine(
        {
            "ps -a": f"f00 happy_name {OF_ANOTHER_MACHINE} expires={PAST} scratch,/x y",
            "network ls": f"ba4 net {OF_ANOTHER_MACHINE} expires={PAST}",
            "volume ls": f"scratch {OF_ANOTHER_MACHINE} expires={PAST}",
        }
    )

    sweep()

    assert removals(programs) == ["rm --force --volumes f00", "network rm ba4", "volume rm --force scratch"]


@pytest.mark.parametrize(
    "row",
    [
        f"media_volume {OF_ANOTHER_MACHINE} expires={FUTURE}",
        f"media_volume {OF_ANOTHER_MACHINE} expires=",
        f"media_volume  expires={PAST}",
        f"media_volume another expires={PAST}",
        f"media_volume {OF_ANOTHER_MACHINE} {PAST}",
        f"media_volume other {OF_ANOTHER_MACHINE}0x expires={PAST}",
        f"media_volume  expires= /srv/{OF_ANOTHER_MACHINE} expires={PAST}",
        f"media_volume and more {OF_ANOTHER_MACHINE} expires={PAST}",
        f"media_volume {OF_ANOTHER_MACHINE} expires={PAST}0000000000000000",
    ],
    ids=["later", "no expiry", "no run", "no identifier", "no label", "half", "in a mount", "too far", "no time"],
)
@pytest.mark.parametrize("listing", ["ps -a", "network ls", "volume ls"])
def test_what_has_not_expired_or_is_not_a_runs_is_left_alone(engine: Engine, listing: str, row: str) -> None:
    programs = engine({listing: row})

    sweep()

    assert removals(programs) == []


def test_what_a_run_makes_on_a_live_server_says_how_long_it_is_needed() -> None:
    labels = expiring({"media-verify": "run"})

    assert labels["media-verify"] == "run"
    assert time.time() + 86_400 < int(labels[EXPIRY_LABEL]) < time.time() + 7 * 86_400


def test_a_folder_that_another_sweep_has_just_removed_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "runs" / "00000000-1-1"
    old.mkdir(parents=True)
    lock = fcntl.flock

    def remove_first(descriptor: int, operation: int) -> None:
        shutil.rmtree(old, ignore_errors=True)
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", remove_first)

    with run_folder(tmp_path, Run(MINE)) as folder:
        assert folder.is_dir()
