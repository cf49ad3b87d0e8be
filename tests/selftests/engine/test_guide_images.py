"""The images that a guide's commands use are recognised by name; BusyBox stands in for Alpine and BusyBox."""

import subprocess
import tarfile
from pathlib import Path

import pytest
from fake_programs import Programs

from media_guarantees.engine.base_images import root_file_system
from media_guarantees.engine.guide_images import busybox_root, images_among, images_in
from media_guarantees.system.debian_packages import PackageArchive


@pytest.mark.parametrize(
    ("command", "image"),
    [
        ("docker run --rm -v media:/data alpine tar czf /b/x.tgz -C /data .", "alpine"),
        ("docker run alpine:3.19 sh", "alpine:3.19"),
        ("docker container run docker.io/library/busybox:1.36 sh", "docker.io/library/busybox:1.36"),
        ("docker run --rm \\\n    -v media:/data \\\n    busybox tar c /data", "busybox"),
        ("$(docker run debian:12-slim true)", "debian:12-slim"),
        ("docker create ubuntu:22.04", "ubuntu:22.04"),
    ],
)
def test_an_image_is_found_where_a_command_runs_it(command: str, image: str) -> None:
    assert [spec.name for spec in images_in(f"Type\n\n{command}\n\nand wait.")] == [image]


@pytest.mark.parametrize(
    "text",
    [
        "Alpine is small: alpine, busybox",
        "docker run ubuntu tar c /data",
        "docker run registry.example/alpine sh",
        "docker run -v alpine:/data -v /srv/busybox:/x python sh",
        "docker run python sh; echo alpine",
        "docker pull alpine",
    ],
)
def test_what_is_no_image_of_a_command_or_is_always_there_is_not_provided(text: str) -> None:
    assert images_in(text) == []


def test_of_the_images_of_services_those_are_provided_that_something_can_stand_in_for() -> None:
    named = ["alpine:3.20", "alpine:3.20", "ubuntu", "postgres:16", "registry.example/alpine", "None"]

    assert [spec.name for spec in images_among(named)] == ["alpine:3.20"]


def test_busybox_stands_in_for_what_is_busybox_and_debian_for_its_kin() -> None:
    specs = images_in("docker run alpine\ndocker run busybox\ndocker run debian\ndocker run ubuntu:22.04\n")

    assert {spec.name: spec.stand_in for spec in specs} == {
        "alpine": busybox_root,
        "busybox": busybox_root,
        "debian": root_file_system,
        "ubuntu:22.04": root_file_system,
    }


@pytest.fixture(name="root")
def _root(tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Build the root with a program that lists `sh` and `tar` as its names."""
    unpacked = tmp_path / "busybox" / "bin"
    unpacked.mkdir(parents=True)
    programs.add("busybox", "printf 'bin/busybox\\nbin/sh\\nusr/bin/tar\\n'", folder=unpacked)
    monkeypatch.setattr(PackageArchive, "unpack", lambda *_: tmp_path / "busybox")
    return busybox_root(tmp_path / "cache")


def test_the_root_holds_busybox_under_all_its_names(root: Path) -> None:
    with tarfile.open(root) as tar:
        members = {member.name: member for member in tar}

    assert members["bin/busybox"].mode == 0o755
    assert {name: members[name].linkname for name in ("bin/sh", "usr/bin/tar")} == {
        "bin/sh": "/bin/busybox",
        "usr/bin/tar": "/bin/busybox",
    }
    assert members["tmp"].mode == 0o1777
    assert "etc/passwd" in members


def test_the_root_is_built_once(root: Path) -> None:
    before = root.stat().st_ino

    assert busybox_root(root.parents[1]).stat().st_ino == before


def test_the_archive_is_one_that_others_read(root: Path) -> None:
    listed = subprocess.run(["tar", "-tf", str(root)], capture_output=True, text=True, check=True).stdout.split()

    assert {"bin/busybox", "bin/sh", "tmp/"} <= set(listed)
