"""Copies are mounted instead of the owner's files, complete where possible, and each difference is reported."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from media_guarantees.deployment.compose.compose_model import Model
from media_guarantees.deployment.sandbox import private_mounts as mounts_module
from media_guarantees.deployment.sandbox.private_mounts import leads_out, privately_mounted
from media_guarantees.media.host_listing import read_directory

MEDIA_ROOT = "/usr/src/platform/media"


@pytest.fixture(name="owner")
def _owner(tmp_path: Path) -> Path:
    """Create an owner's deployment, with everything that a directory may hold."""
    owner = tmp_path / "owner"
    (owner / "static" / "deep").mkdir(parents=True)
    (owner / "media").mkdir(mode=0o750)
    (owner / "media" / "theirs.png").write_bytes(b"theirs")
    script = owner / "static" / "run.sh"
    script.write_text("echo")
    script.chmod(0o751)
    os.utime(script, ns=(1, 1_500_000_000_123_456_789))
    (owner / "link").symlink_to("static/run.sh")
    (owner / "dangling").symlink_to("nowhere")
    return owner


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    return tmp_path / "private"


def bind(source: Path | str, target: str, **more: Any) -> Model:
    return {"type": "bind", "source": str(source), "target": target, "bind": {"create_host_path": True}, **more}


def model_of(*volumes: Model, **services: list[Model]) -> Model:
    mounted = {"web": list(volumes), **services}
    return {"services": {name: {"volumes": mounts} for name, mounts in mounted.items()}}


def sources(model: Model, service: str = "web") -> list[Path]:
    return [Path(mount["source"]) for mount in model["services"][service]["volumes"]]


def test_a_directory_is_mounted_as_a_copy_that_is_the_same_in_every_respect(owner: Path, folder: Path) -> None:
    model, notes = privately_mounted(model_of(bind(owner, "/srv")), MEDIA_ROOT, folder)

    (private,) = sources(model)
    assert folder in private.parents
    assert read_directory(private) == read_directory(owner)
    assert notes == []


def test_what_the_sandbox_writes_does_not_reach_the_owner(owner: Path, folder: Path) -> None:
    before = read_directory(owner)

    model, _ = privately_mounted(model_of(bind(owner, "/srv")), MEDIA_ROOT, folder)
    (sources(model)[0] / "static" / "run.sh").write_text("changed")

    assert read_directory(owner) == before


def test_a_file_is_mounted_as_a_copy(owner: Path, folder: Path) -> None:
    model, _ = privately_mounted(model_of(bind(owner / "static/run.sh", "/run.sh")), MEDIA_ROOT, folder)

    assert sources(model)[0].read_text() == "echo"
    assert sources(model)[0].stat().st_mode & 0o777 == 0o751


def test_what_two_services_share_they_still_share(owner: Path, folder: Path) -> None:
    front = [bind(owner / "static", "/static", read_only=True)]

    model, _ = privately_mounted(model_of(bind(owner, "/srv"), front=front), MEDIA_ROOT, folder)

    assert sources(model, "front") == [sources(model)[0] / "static"]
    assert model["services"]["front"]["volumes"][0]["read_only"] is True


def test_media_that_a_volume_covers_are_not_copied_but_their_place_is_there(owner: Path, folder: Path) -> None:
    volume = {"type": "volume", "source": "media_volume", "target": MEDIA_ROOT}

    model, notes = privately_mounted(model_of(bind(owner, "/usr/src/platform"), volume), MEDIA_ROOT, folder)

    place = sources(model)[0] / "media"
    assert list(place.iterdir()) == []
    assert place.stat().st_mode & 0o777 == 0o750
    assert model["services"]["web"]["volumes"][1] == volume
    assert notes == []


def test_a_directory_at_the_media_root_itself_is_mounted_empty(owner: Path, folder: Path) -> None:
    model, _ = privately_mounted(model_of(bind(owner / "media", f"{MEDIA_ROOT}/")), MEDIA_ROOT, folder)

    assert list(sources(model)[0].iterdir()) == []


def test_a_volume_that_is_a_directory_of_the_owners_is_an_empty_one_here(owner: Path, folder: Path) -> None:
    options = {"type": "none", "o": "bind", "device": str(owner / "media")}
    model = {**model_of(), "volumes": {"media": {"driver_opts": options}, "plain": None}}

    private, _ = privately_mounted(model, MEDIA_ROOT, folder)

    device = Path(private["volumes"]["media"]["driver_opts"]["device"])
    assert (folder in device.parents, list(device.iterdir())) == (True, [])


def test_what_is_missing_is_an_empty_directory_and_is_not_made_at_the_owners(owner: Path, folder: Path) -> None:
    model, _ = privately_mounted(model_of(bind(owner / "missing", "/x")), MEDIA_ROOT, folder)

    assert list(sources(model)[0].iterdir()) == []
    assert not (owner / "missing").exists()


@pytest.mark.parametrize("limit", ["COPY_BYTES", "COPY_ENTRIES"])
def test_what_is_too_large_to_copy_is_empty_and_that_is_reported(
    owner: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(mounts_module, limit, 3)

    model, notes = privately_mounted(model_of(bind(owner, "/srv")), MEDIA_ROOT, folder)

    assert list(sources(model)[0].iterdir()) == []
    assert len(notes) == 1
    assert notes[0].startswith(f"web finds {owner} empty: it holds more than")


def test_a_socket_is_not_mounted_and_that_is_reported(
    owner: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(owner)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("engine.sock")
        mounts = model_of(bind(owner / "engine.sock", "/var/run/docker.sock"), bind(owner / "static", "/static"))

        model, notes = privately_mounted(mounts, MEDIA_ROOT, folder)

    assert [path.name for path in sources(model)] == ["static"]
    assert notes == [f"web does without {owner}/engine.sock: it leads out of the sandbox"]


def test_a_pipe_in_a_directory_is_left_out(owner: Path, folder: Path) -> None:
    os.mkfifo(owner / "static" / "pipe")

    model, _ = privately_mounted(model_of(bind(owner / "static", "/static")), MEDIA_ROOT, folder)

    assert sorted(path.name for path in sources(model)[0].iterdir()) == ["deep", "run.sh"]


@pytest.mark.parametrize("path", ["/", "/proc", "/sys/fs", "/dev/shm", "/run/docker.sock", "/var/run", "/dev/null"])
def test_the_systems_own_directories_lead_out(path: str) -> None:
    assert leads_out(Path(path))


@pytest.mark.parametrize("path", ["/etc/hostname", "/srv", "/no/such/thing", "/runner"])
def test_other_paths_do_not_lead_out(path: str) -> None:
    assert not leads_out(Path(path))


def test_a_run_that_lies_in_the_directory_that_is_mounted_is_not_copied_into_itself(owner: Path) -> None:
    folder = owner / ".cache" / "mounts"

    model, _ = privately_mounted(model_of(bind(owner, "/srv")), MEDIA_ROOT, folder)

    assert list((sources(model)[0] / ".cache" / "mounts").iterdir()) == []


def test_the_model_that_was_given_stays_as_it_was(owner: Path, folder: Path) -> None:
    given = model_of(bind(owner, "/srv"))

    privately_mounted(given, MEDIA_ROOT, folder)

    assert given == model_of(bind(owner, "/srv"))


def in_operators_folder(owner: Path, folder: Path, *volumes: Model) -> list[Path]:
    """Return what is mounted where an operator stands in a folder of their own."""
    operators = folder.with_name("operators")
    operators.mkdir()
    model, _ = privately_mounted(model_of(*volumes), MEDIA_ROOT, folder, theirs=owner, operators=operators)
    return [source.relative_to(folder.parent) for source in sources(model)]


def test_what_is_in_the_owners_folder_has_its_place_in_the_operators(owner: Path, folder: Path) -> None:
    """A guide's `tar czf … ./static` is to find what the container has."""
    mounted = in_operators_folder(owner, folder, bind(owner / "static/deep", "/deep"), bind(owner / "backups", "/b"))

    assert mounted == [Path("operators/static/deep"), Path("operators/backups")]
    assert (folder.parent / mounted[1]).is_dir(), "Docker makes a directory that isn't there"


def test_what_is_elsewhere_has_a_place_of_its_own(owner: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()

    assert in_operators_folder(owner, folder, bind(tmp_path / "elsewhere", "/x")) == [Path("private/0/elsewhere")]


@pytest.mark.parametrize("place", ["", "compose.yml"], ids=["the whole folder", "a compose file"])
def test_what_the_operators_folder_has_otherwise_is_not_replaced(owner: Path, folder: Path, place: str) -> None:
    (owner / "compose.yml").write_text("services: {}")

    (mounted,) = in_operators_folder(owner, folder, bind(owner / place, "/x"))

    assert mounted.is_relative_to("private")


def test_the_media_root_in_the_owners_folder_is_empty_in_the_operators(owner: Path, folder: Path) -> None:
    (mounted,) = in_operators_folder(owner, folder, bind(owner / "media", MEDIA_ROOT))

    assert mounted == Path("operators/media")
    assert list((folder.parent / mounted).iterdir()) == []
