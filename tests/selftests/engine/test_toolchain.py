"""The engine's programs come from the documented sources, and one that does not run here is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_programs import Programs

from media_guarantees.core.errors import BadInput
from media_guarantees.engine.toolchain import EngineTools, engine_tools
from media_guarantees.system.debian_packages import PackageArchive


@pytest.fixture(name="programs")
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    return Programs(tmp_path, monkeypatch, alone=True)


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


def test_an_engine_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no private engine of version '19\.3'") as refused:
        engine_tools(tmp_path, "19.3")

    assert refused.value.hint == (
        "choose one of 20.10, 26.1, 28.5, 28.5-containerd, or leave the version out: ENGINE=private"
    )


def test_an_engine_with_other_settings_is_the_same_programs(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked: list[str] = []

    def unpack(archive: PackageArchive, name: str, _packages: object, **_: object) -> Path:
        unpacked.append(f"{name} of {archive.release}")
        return tmp_path / name

    monkeypatch.setattr(PackageArchive, "unpack", unpack)
    programs.add("dockerd", "echo Docker version 28.5.2+dfsg4, build 3ef3c07")
    plugin = tmp_path / "engine-28.5/usr/libexec/docker/cli-plugins/docker-buildx"
    plugin.parent.mkdir(parents=True)
    plugin.touch()

    plain, with_another_store = (engine_tools(tmp_path, version) for version in ("28.5", "28.5-containerd"))

    assert unpacked == ["engine-28.5 of forky"] * 2
    assert (plain.settings, plain.buildx) == ({}, str(plugin))
    assert with_another_store.settings == {"features": {"containerd-snapshotter": True}}
    assert with_another_store.version == "28.5-containerd", "images of one store are not in the other's data root"


def test_an_incomplete_engine_is_refused_with_the_name_of_the_missing_program(programs: Programs) -> None:
    with pytest.raises(BadInput, match="needs `containerd`, which is neither on PATH nor") as refused:
        EngineTools({"PATH": programs.path}).which("containerd")

    assert "install Docker completely" in refused.value.hint
