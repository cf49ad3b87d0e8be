"""A loop disk is created, mounted, copied and unmounted; the guarantees test it under a service."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_programs import Programs

from media_guarantees.core.errors import BadInput, PromiseBroken
from media_guarantees.deployment.stack import Stack
from media_guarantees.engine.private_engine import PrivateEngine
from media_guarantees.events.loop_disk import VOLUME, Disk, make_disk, media_on, mounted, with_media_on
from media_guarantees.system.commands import CommandFailed

ROOT = "/srv/media"


def engine() -> PrivateEngine:
    """Return an engine whose mounts are this machine's."""
    return cast("PrivateEngine", SimpleNamespace(nsenter_command=lambda *args: list(args)))


@pytest.fixture(name="programs")
def _programs(programs: Programs) -> Programs:
    for name in ("mount", "umount", "mkdir", "rmdir", "tar"):
        programs.add(name)
    return programs


@pytest.fixture(name="disk")
def _disk(tmp_path: Path) -> Disk:
    image = tmp_path / "power.img"
    image.write_bytes(b"what is on the disk")
    return Disk(engine(), image, "/run/media-verify-power")


def test_a_disk_is_as_large_and_has_as_many_inodes_as_was_asked_for(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs.add("mkfs.ext4")
    monkeypatch.setattr("media_guarantees.events.loop_disk._SBIN", programs.path)

    make_disk(tmp_path / "a.img", 8 * 1024 * 1024)
    make_disk(tmp_path / "b.img", 1024 * 1024, inodes=32)

    assert programs.calls("mkfs.ext4") == [
        f"-q -F -m 0 {tmp_path}/a.img 8192k",
        f"-q -F -m 0 -N 32 {tmp_path}/b.img 1024k",
    ]


def test_without_mkfs_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_guarantees.events.loop_disk._SBIN", str(tmp_path))

    with pytest.raises(BadInput, match=r"there is no mkfs\.ext4") as refused:
        make_disk(tmp_path / "a.img", 1024)

    assert refused.value.hint == "install e2fsprogs"


def test_a_disk_is_mounted_for_the_block_and_its_loop_device_goes_with_it(programs: Programs, tmp_path: Path) -> None:
    with mounted(engine(), tmp_path / "full.img", "commit=600") as disk:
        assert disk.folder == "/run/media-verify-full"
        assert programs.calls("umount") == []

    assert programs.calls("mount") == [f"-o loop,commit=600 {tmp_path}/full.img {disk.folder}"]
    assert programs.calls("umount") == [f"--lazy {disk.folder}"]


def test_a_disk_is_unmounted_whatever_happens_in_the_block(programs: Programs, tmp_path: Path) -> None:
    with pytest.raises(PromiseBroken), mounted(engine(), tmp_path / "full.img"):
        raise PromiseBroken("lost")

    assert len(programs.calls("umount")) == 1


def test_a_machine_without_loop_devices_is_refused_in_mounts_words(programs: Programs, tmp_path: Path) -> None:
    programs.add("mount", "echo 'failed to setup loop device' >&2; exit 32")

    with pytest.raises(BadInput, match="can't be mounted: failed to setup loop device"):
        with mounted(engine(), tmp_path / "full.img"):
            pytest.fail("there is nothing to work on")


def test_a_copy_is_what_the_disk_is_now(disk: Disk, tmp_path: Path) -> None:
    copy = tmp_path / "copy.img"

    assert disk.copy(copy), "nothing wrote to it during the copy"
    assert copy.read_bytes() == b"what is on the disk"


def test_a_copy_during_which_something_was_written_is_of_no_one_instant(
    disk: Disk, programs: Programs, tmp_path: Path
) -> None:
    programs.add("cp", 'cat "$2" > "$3"; printf x >> "$2"')

    assert not disk.copy(tmp_path / "copy.img")


def test_what_goes_wrong_on_the_disk_is_an_error(disk: Disk) -> None:
    with pytest.raises(CommandFailed, match="status 1"):
        disk.run("false")


def test_a_disk_is_made_read_only_under_its_users(disk: Disk, programs: Programs) -> None:
    disk.remount("ro")

    assert programs.calls("mount") == [f"-o remount,ro {disk.folder}"]


def volume(source: str, target: str, **options: Any) -> dict[str, Any]:
    return {"type": "volume", "source": source, "target": target, **options}


def test_every_service_that_uses_the_volume_uses_the_disk_instead(disk: Disk) -> None:
    model = {
        "services": {
            "web-project": {"volumes": [volume("media", f"{ROOT}/"), volume("database", "/srv/database")]},
            "front": {"volumes": [volume("media", "/srv/www", read_only=True)]},
            "cache": {},
        },
        "volumes": {"media": {"name": "media_volume"}, "database": None},
    }

    moved = with_media_on(disk, model, "web-project", ROOT, {"media-verify": "run"})

    services = moved["services"]
    assert services["web-project"]["volumes"] == [volume(VOLUME, f"{ROOT}/"), volume("database", "/srv/database")]
    assert services["front"]["volumes"] == [volume(VOLUME, "/srv/www", read_only=True)]
    assert moved["volumes"][VOLUME]["driver_opts"] == {"type": "none", "o": "bind", "device": disk.folder}
    assert moved["volumes"][VOLUME]["labels"] == {"media-verify": "run"}


def test_an_anonymous_volume_makes_way_for_the_disk_and_no_other_does(disk: Disk) -> None:
    anonymous = {"type": "volume", "target": ROOT}
    model = {"services": {"web-project": {"volumes": [anonymous, {"type": "volume", "target": "/srv/cache"}]}}}

    moved = with_media_on(disk, model, "web-project", ROOT, {})

    assert [mount.get("source") for mount in moved["services"]["web-project"]["volumes"]] == [VOLUME, None]


@pytest.mark.parametrize(
    ("own", "kept"),
    [
        ([volume("site", "/srv")], [volume("site", "/srv")]),
        (
            [volume("site", ROOT, volume={"subpath": "public/media"}), volume("site", "/etc/site")],
            [volume("site", "/etc/site")],
        ),
    ],
    ids=["below a mount", "in a folder of a volume"],
)
def test_media_that_are_a_part_of_a_volume_move_alone(disk: Disk, own: list[Any], kept: list[Any]) -> None:
    other = [volume("site", "/var/site")]
    model = {"services": {"web-project": {"volumes": own}, "front": {"volumes": other}}, "volumes": {"site": None}}

    moved = with_media_on(disk, model, "web-project", ROOT, {})

    assert moved["services"]["web-project"]["volumes"] == [*kept, volume(VOLUME, ROOT)]
    assert moved["services"]["front"]["volumes"] == other


def test_the_owners_model_stays_as_it_is(disk: Disk) -> None:
    model = {"services": {"web-project": {"volumes": [volume("media", ROOT)]}}, "volumes": {"media": None}}

    with_media_on(disk, model, "web-project", ROOT, {})

    assert model == {"services": {"web-project": {"volumes": [volume("media", ROOT)]}}, "volumes": {"media": None}}


class Deployed:
    """A stack that records what is deployed."""

    model: dict[str, Any] = {"services": {"web-project": {"volumes": [volume("media", ROOT)]}}}  # noqa: RUF012
    service = "web-project"
    media_root = ROOT
    run = SimpleNamespace(labels={})
    media = SimpleNamespace(helper_command=lambda *args: ["echo", *args])

    def __init__(self) -> None:
        self.sources: list[str] = []
        self.options: list[tuple[str, ...]] = []
        self.said: list[tuple[str, ...]] = []
        self.project = self.health = self  # one object is all the parts of it

    def deploy(self, model: dict[str, Any], *options: str) -> None:
        """Record which volume is mounted at the media root, and its driver's options."""
        self.sources.append(model["services"]["web-project"]["volumes"][0]["source"])
        self.options.append(options)

    def wait_until_ready(self) -> None:
        """Record the wait."""
        self.said.append(("ready",))

    def docker(self, *args: str) -> None:
        """Record the command."""
        self.said.append(args)


def test_media_live_on_the_disk_for_the_block_and_then_where_they_were(disk: Disk, programs: Programs) -> None:
    stack = Deployed()

    with media_on(disk, cast("Stack", stack)):
        assert stack.sources == [VOLUME]
        assert programs.calls("tar") == [f"--extract --preserve-permissions -C {disk.folder}"]

    assert stack.sources == [VOLUME, "media"]
    assert stack.options == [(), ("--renew-anon-volumes",)], "an anonymous volume would be the disk from now on"
    assert stack.said == [("ready",), ("volume", "rm", VOLUME), ("ready",)]


def test_media_go_back_to_where_they_were_whatever_happens_in_the_block(disk: Disk, programs: Programs) -> None:
    stack = Deployed()

    with pytest.raises(PromiseBroken), media_on(disk, cast("Stack", stack)):
        raise PromiseBroken("lost")

    assert programs.calls("rmdir") == [f"{disk.folder}/lost+found"]
    assert stack.sources == [VOLUME, "media"]
