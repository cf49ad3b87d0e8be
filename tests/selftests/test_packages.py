"""Packages are downloaded once, unpacked in one step, and without a trace in the machine's own package state."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_programs import Programs

from fixtures.lib.commands import CommandFailed
from fixtures.lib.errors import BadInput
from fixtures.lib.packages import PackageArchive, library_environment

# What the archive gives: a file for each package named, in the folder where apt-get is called.
DOWNLOAD = """
while [ "$1" != download ]; do [ "$1" != update ] || exit 0; shift; done
shift
for name; do : > "$name.deb"; done
"""
# An update that fails, whatever comes of the download.
OFFLINE = 'case "$*" in *update) echo "W: no network" >&2; exit 100;; esac'
UNPACK = 'mkdir -p "$3/usr/bin"; : > "$3/usr/bin/$(basename "$2" .deb)"'

Serve = Callable[..., Programs]


@pytest.fixture(name="serve")
def _serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    def serve(apt: str = DOWNLOAD, dpkg: str = UNPACK) -> Programs:
        programs = Programs(tmp_path, monkeypatch)
        programs.add("apt-get", apt)
        programs.add("dpkg", dpkg)
        return programs

    return serve


@pytest.fixture(name="archive")
def _archive(tmp_path: Path) -> PackageArchive:
    return PackageArchive(tmp_path / "cache")


def test_packages_are_unpacked_into_one_folder(serve: Serve, archive: PackageArchive) -> None:
    serve()

    root = archive.unpack("engine", ["docker.io", "runc"])

    assert sorted(path.name for path in (root / "usr/bin").iterdir()) == ["docker.io", "runc"]


def test_a_second_run_downloads_nothing(serve: Serve, archive: PackageArchive) -> None:
    programs = serve()
    archive.unpack("engine", ["runc"])
    before = programs.calls("apt-get")

    archive.unpack("engine", ["runc"])

    assert before, "the first run must have downloaded something for this to say anything"
    assert programs.calls("apt-get") == before


def test_what_failed_to_unpack_leaves_no_folder_to_be_mistaken_for_whole(serve: Serve, archive: PackageArchive) -> None:
    serve(dpkg=f"{UNPACK}; [ $(basename $2) != runc.deb ] || exit 2")

    with pytest.raises(CommandFailed, match=r"dpkg -x .*runc\.deb.* status 2"):
        archive.unpack("engine", ["docker.io", "runc"])

    assert [path.name for path in archive.cache.iterdir()] == [".apt"], "only apt's own lists may stay"


def test_another_run_that_was_faster_is_no_failure(serve: Serve, archive: PackageArchive) -> None:
    serve(dpkg=f"{UNPACK}; mkdir -p {archive.cache}/engine/usr/bin/theirs")

    root = archive.unpack("engine", ["runc"])

    assert (root / "usr/bin/theirs").is_dir(), "what the other run unpacked must stay: it may be in use already"


def test_packages_with_nothing_in_them_do_not_pass_for_unpacked(serve: Serve, archive: PackageArchive) -> None:
    serve(dpkg="")

    with pytest.raises(FileNotFoundError):
        archive.unpack("engine", ["runc"])


def test_a_third_partys_source_that_fails_does_not_matter(serve: Serve, archive: PackageArchive) -> None:
    serve(apt=OFFLINE + DOWNLOAD)

    assert (archive.unpack("engine", ["runc"]) / "usr/bin/runc").is_file()


def test_a_package_that_does_not_come_is_told_in_apts_words_and_those_of_the_update(
    serve: Serve, archive: PackageArchive
) -> None:
    serve(apt=f'{OFFLINE}; echo "E: Unable to locate runc" >&2; exit 100')

    with pytest.raises(BadInput) as refused:
        archive.unpack("engine", ["runc"])

    assert refused.value.problem == "the package archive did not give runc: W: no network\nE: Unable to locate runc"
    assert "/etc/apt/sources.list" in refused.value.hint


def test_without_apt_get_and_dpkg_the_packages_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, archive: PackageArchive
) -> None:
    Programs(tmp_path, monkeypatch, alone=True)

    with pytest.raises(BadInput, match=r"docker\.io, runc would come from .* apt-get or dpkg is missing") as refused:
        archive.unpack("engine", ["docker.io", "runc"])

    assert "with your system's own means" in refused.value.hint


@pytest.mark.parametrize("missing", ["apt-get", "dpkg"])
def test_the_archive_takes_both_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    programs = Programs(tmp_path, monkeypatch, alone=True)
    for name in {"apt-get", "dpkg"} - {missing}:
        programs.add(name)
    assert not PackageArchive.available(), f"{missing} is missing, and yet the archive is said to be in reach"

    programs.add(missing)

    assert PackageArchive.available()


@pytest.mark.parametrize("setting", ["Dir::State::lists", "Dir::Cache"])
def test_every_call_keeps_lists_and_downloads_in_the_cache(serve: Serve, archive: PackageArchive, setting: str) -> None:
    programs = serve()

    archive.unpack("engine", ["runc"])

    assert [f"{setting}={archive.cache}/" in call for call in programs.calls("apt-get")] == [True, True]


@pytest.mark.parametrize("hook", ["Pre-Invoke", "Post-Invoke", "Post-Invoke-Success"])
def test_the_machines_hooks_are_cleared(serve: Serve, archive: PackageArchive, hook: str) -> None:
    programs = serve()

    archive.unpack("engine", ["runc"])

    configuration = archive.cache / ".apt/apt.conf"
    assert f"#clear APT::Update::{hook};\n" in configuration.read_text()
    assert all(call.startswith(f"-c {configuration} ") for call in programs.calls("apt-get"))


def test_unpacked_programs_and_libraries_are_found_before_the_machines(tmp_path: Path) -> None:
    libraries = tmp_path / "usr/lib/x86_64-linux-gnu"
    libraries.mkdir(parents=True)

    found = library_environment(tmp_path, {"PATH": "/bin", "LD_LIBRARY_PATH": "/theirs", "HOME": "/root"})

    programs = [str(tmp_path / name) for name in ("usr/sbin", "usr/bin", "sbin", "bin")]
    assert found["PATH"].split(os.pathsep) == [*programs, "/bin"]
    assert found["LD_LIBRARY_PATH"] == f"{libraries}{os.pathsep}/theirs"
    assert found["HOME"] == "/root"


def test_without_libraries_of_its_own_the_path_has_no_empty_part(tmp_path: Path) -> None:
    (tmp_path / "lib/x86_64-linux-gnu").mkdir(parents=True)

    found = library_environment(tmp_path, {"PATH": "/bin"})["LD_LIBRARY_PATH"]

    assert "" not in found.split(os.pathsep), "an empty part is the current directory, as ld.so(8) has it"
