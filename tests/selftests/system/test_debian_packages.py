"""Packages are downloaded once and unpacked in one step; the machine's own package state stays unchanged."""

import logging
import os
import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fake_programs import Programs

from media_guarantees.core.errors import BadInput
from media_guarantees.core.waiting import wait_until
from media_guarantees.system import debian_packages, folder_lock
from media_guarantees.system.commands import CommandFailed
from media_guarantees.system.debian_packages import PackageArchive, library_environment

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


SIMULATE = """
case "$*" in
    *"--simulate --no-install-recommends install chromium") printf "Inst libnss3 (2:3)\\nInst chromium (1)\\n"; exit 0;;
esac
"""


def test_what_a_package_needs_and_the_machine_lacks_comes_along(serve: Serve, archive: PackageArchive) -> None:
    serve(SIMULATE + DOWNLOAD)

    root = archive.unpack("chromium", ["chromium"], complete=True)

    assert sorted(path.name for path in (root / "usr/bin").iterdir()) == ["chromium", "libnss3"]


def test_a_package_may_come_without_what_it_needs_beside_one_that_comes_with_it(
    serve: Serve, archive: PackageArchive
) -> None:
    serve(SIMULATE + DOWNLOAD)

    root = archive.unpack("browser", ["chromium"], complete=True, alone=["fonts"])

    assert sorted(path.name for path in (root / "usr/bin").iterdir()) == ["chromium", "fonts", "libnss3"]


def test_without_an_answer_the_package_itself_is_asked_for(serve: Serve, archive: PackageArchive) -> None:
    serve('case "$*" in *--simulate*) exit 100;; esac\n' + DOWNLOAD)

    root = archive.unpack("chromium", ["chromium"], complete=True)

    assert [path.name for path in (root / "usr/bin").iterdir()] == ["chromium"]


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


def test_what_another_run_is_downloading_is_waited_for_and_not_downloaded_again(
    serve: Serve, archive: PackageArchive, caplog: pytest.LogCaptureFixture
) -> None:
    """Two runs of apt-get on the same lists: the second finds them locked, or half of them there."""
    programs = serve()
    lists = archive.cache / ".apt"
    lists.mkdir(parents=True)
    caplog.set_level(logging.INFO, logger="verify.progress")

    with ThreadPoolExecutor() as pool:
        with folder_lock.taken(lists):  # by the other run
            unpacking = pool.submit(archive.unpack, "engine", ["runc"])
            wait_until(lambda: "downloading packages" in caplog.text, what="it says that it waits", seconds=30)
            (archive.cache / "engine/usr/bin/theirs").mkdir(parents=True)
        root = unpacking.result(timeout=30)

    assert (root / "usr/bin/theirs").is_dir(), "what the other run unpacked is what counts"
    assert not programs.calls("apt-get"), "it was downloaded twice"


def test_packages_with_nothing_in_them_do_not_pass_for_unpacked(serve: Serve, archive: PackageArchive) -> None:
    serve(dpkg="")

    with pytest.raises(FileNotFoundError):
        archive.unpack("engine", ["runc"])


def test_a_third_partys_source_that_fails_does_not_matter(serve: Serve, archive: PackageArchive) -> None:
    serve(apt=OFFLINE + DOWNLOAD)

    assert (archive.unpack("engine", ["runc"]) / "usr/bin/runc").is_file()


def test_a_package_that_does_not_come_is_reported_in_apts_words_and_those_of_the_update(
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


@pytest.fixture(name="another")
def _another(tmp_path: Path) -> PackageArchive:
    """Debian's package archive of another release than the machine's."""
    return PackageArchive(tmp_path / "cache", "trixie")


@pytest.fixture(autouse=True)
def _keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine have Debian's keys."""
    keyring = tmp_path / "keyring.gpg"
    keyring.touch()
    monkeypatch.setattr(debian_packages, "KEYRING", keyring)


def on(monkeypatch: pytest.MonkeyPatch, **system: str) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: system)


INDEXTARGETS = 'if [ "$1" = indextargets ]; then echo http://mirror/debian/; echo http://other/; exit; fi'


def test_another_release_comes_from_the_machines_own_mirrors_and_only_with_debians_signature(
    serve: Serve, another: PackageArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(monkeypatch, ID="debian", VERSION_CODENAME="bookworm")
    programs = serve(apt=INDEXTARGETS + DOWNLOAD)

    another.unpack("engine", ["runc"])

    signed = f"deb [signed-by={debian_packages.KEYRING}]"
    sources = (another.cache / ".apt-trixie/sources.list").read_text().splitlines()
    assert sources == [f"{signed} http://mirror/debian/ trixie main", f"{signed} http://other/ trixie main"]
    assert "Release: bookworm" in programs.calls("apt-get")[0]


@pytest.mark.parametrize(
    "system", [{"ID": "ubuntu", "VERSION_CODENAME": "noble"}, {"ID": "debian", "VERSION_CODENAME": "bookworm"}]
)
def test_a_machine_without_a_mirror_of_debian_asks_debian(
    serve: Serve, another: PackageArchive, monkeypatch: pytest.MonkeyPatch, system: dict[str, str]
) -> None:
    on(monkeypatch, **system)
    serve(apt='[ "$1" != indextargets ] || exit 0' + DOWNLOAD)

    another.unpack("engine", ["runc"])

    sources = (another.cache / ".apt-trixie/sources.list").read_text()
    assert [line.split()[2:] for line in sources.splitlines()] == [["http://deb.debian.org/debian/", "trixie", "main"]]


@pytest.mark.parametrize(
    "setting",
    [
        "Dir::Etc::sourcelist={cache}/.apt-trixie/sources.list",
        "Dir::Etc::sourceparts=/dev/null",
        "Dir::State::lists={cache}/.apt-trixie/lists",
        "Acquire::AllowInsecureRepositories=false",
        "APT::Get::AllowUnauthenticated=false",
    ],
)
def test_neither_the_machines_sources_nor_its_leniency_count_for_another_release(
    serve: Serve, another: PackageArchive, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    on(monkeypatch, ID="ubuntu")
    programs = serve()

    another.unpack("engine", ["runc"])

    option = f"-o {setting.format(cache=another.cache)} "
    assert [option in call for call in programs.calls("apt-get")] == [True, True]


def test_a_machine_without_debians_keys_takes_them_from_its_own_archive(
    serve: Serve, another: PackageArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(monkeypatch, ID="ubuntu")
    monkeypatch.setattr(debian_packages, "KEYRING", tmp_path / "none" / "keys.gpg")
    programs = serve()

    another.unpack("engine", ["runc"])

    first, theirs = programs.calls("apt-get")[0], (another.cache / ".apt-trixie/sources.list").read_text()
    assert "sourcelist" not in first, "keys of another release's own archive would vouch for themselves"
    assert theirs.startswith(f"deb [signed-by={another.cache}/debian-keys/usr/share/keyrings/keys.gpg] ")


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
