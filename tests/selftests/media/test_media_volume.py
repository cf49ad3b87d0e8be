"""The volume is read from a container that mounts nothing else; reading never creates it."""

import os
from pathlib import Path

import docker.errors
import pytest
from fake_programs import Programs, run_here
from fake_stack import client_with

from media_guarantees.media.awkward_names import plant_nasty_tree
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.manifest import Manifest
from media_guarantees.media.media_volume import ROUNDS, VolumeMedia
from media_guarantees.media.stable_scan import ChangedWhileReading
from media_guarantees.system.commands import CommandFailed


@pytest.fixture(name="programs")
def _programs(programs: Programs, tree: Path) -> Programs:
    programs.add("docker", run_here(tree))
    return programs


@pytest.mark.parametrize(
    "look",
    [
        lambda media: media.manifest(),
        lambda media: media.shell("true"),
        lambda media: media.shell("cat", stdin=b""),
        lambda media: media.helper_command("true"),
        lambda media: media.sizes(),
    ],
    ids=["manifest", "shell", "feed", "helper_command", "sizes"],
)
def test_no_container_is_started_on_a_volume_that_does_not_exist(programs: Programs, look: object) -> None:
    media = VolumeMedia("gone_volume", client_with("media_volume"), os.environ, {})

    with pytest.raises(docker.errors.NotFound, match="gone_volume"):
        look(media)  # type: ignore[operator]

    assert programs.calls("docker") == [], "naming a volume that doesn't exist would make it"


def test_the_manifest_is_of_the_whole_volume(media: VolumeMedia, tree: Path) -> None:
    plant_nasty_tree(tree)

    assert media.manifest() == read_directory(tree)


def test_the_manifest_is_read_through_a_mount_that_can_not_be_written(media: VolumeMedia, programs: Programs) -> None:
    media.manifest()

    (call,) = programs.calls("docker")
    assert "--volume=media_volume:/volume:ro,nocopy " in call


@pytest.mark.parametrize("option", ["--rm", "--label=run=1", "--network=none", "--workdir=/volume"])
def test_a_helper_goes_away_is_labelled_has_no_network_and_works_in_the_volume(media: VolumeMedia, option: str) -> None:
    command = media.helper_command("true")

    assert option in command[: command.index("ubuntu")]


@pytest.mark.parametrize(
    ("writable", "mount"), [(False, "media_volume:/volume:ro,nocopy"), (True, "media_volume:/volume:nocopy")]
)
def test_a_helper_mounts_nothing_but_the_volume(media: VolumeMedia, mount: str, *, writable: bool) -> None:
    command = media.helper_command("true", writable=writable)

    assert [word for word in command if "volume=" in word or "mount" in word] == [f"--volume={mount}"]


def test_a_private_engines_plain_volume_is_read_where_it_lies(programs: Programs, tree: Path) -> None:
    plant_nasty_tree(tree)
    client = client_with("media_volume", Mountpoint=str(tree))

    assert VolumeMedia("media_volume", client, os.environ, {}, is_local=True).manifest() == read_directory(tree)
    assert programs.calls("docker") == [], "no container is needed to read what lies on this host"


def test_a_directory_of_this_host_is_read_where_it_lies(programs: Programs, tree: Path) -> None:
    plant_nasty_tree(tree)

    media = VolumeMedia(str(tree), client_with(), os.environ, {}, is_local=True)

    assert media.manifest() == read_directory(tree)
    assert programs.calls("docker") == []


@pytest.mark.parametrize("changes", [1, 2, 3])
def test_a_tree_that_changes_while_it_is_read_is_read_again_a_few_times(
    tree: Path, monkeypatch: pytest.MonkeyPatch, changes: int
) -> None:
    reads: list[object] = []

    def read(place: str) -> Manifest:
        reads.append(place)
        if len(reads) <= changes:
            raise ChangedWhileReading("while it was read, a lock vanished")
        return read_directory(place)

    monkeypatch.setattr("media_guarantees.media.media_volume.read_directory", read)
    media = VolumeMedia(str(tree), client_with(), os.environ, {}, is_local=True)

    if changes < ROUNDS:
        assert media.manifest() == read_directory(tree)
    else:
        with pytest.raises(ChangedWhileReading, match="a lock vanished"):
            media.manifest()


def test_a_directory_of_another_host_is_mounted_by_its_path(programs: Programs) -> None:
    environment = {**os.environ, "PATH": programs.path}
    media = VolumeMedia("/srv/media", client_with(), environment, {})

    media.manifest()

    (call,) = programs.calls("docker")
    assert "--volume=/srv/media:/volume:ro " in call


@pytest.mark.parametrize("special", [{"Options": {"type": "tmpfs"}}, {"Driver": "nfs"}])
def test_a_volume_that_is_mounted_only_at_the_engine_is_read_from_a_container(
    programs: Programs, tree: Path, tmp_path: Path, special: dict[str, object]
) -> None:
    (tree / "x").write_bytes(b"x")
    client = client_with("media_volume", Mountpoint=str(tmp_path), **special)

    assert VolumeMedia("media_volume", client, os.environ, {}, is_local=True).manifest() == read_directory(tree)
    assert len(programs.calls("docker")) == 1


def test_a_script_works_in_the_volume_with_its_arguments_as_they_are(media: VolumeMedia, tree: Path) -> None:
    media.shell('printf %s "$1" > "$2"', "$(x) ", "-a b")

    assert (tree / "-a b").read_text() == "$(x) "


def test_a_script_is_fed_what_it_is_given_byte_for_byte(media: VolumeMedia, tree: Path) -> None:
    media.shell("cat > fed", stdin=b"\x00\xff\n")

    assert (tree / "fed").read_bytes() == b"\x00\xff\n"


def test_a_script_that_fails_says_so(media: VolumeMedia) -> None:
    with pytest.raises(CommandFailed, match="status 7: oh no"):
        media.shell("echo oh no >&2; exit 7")


def test_the_sizes_are_of_everything_in_the_volume_wherever_they_are_read(media: VolumeMedia, tree: Path) -> None:
    plant_nasty_tree(tree)
    local = VolumeMedia(str(tree), client_with(), os.environ, {}, is_local=True)
    paths = set(read_directory(tree).entries)

    assert {path.removeprefix(b"./") for path in media.sizes()} == paths
    assert set(local.sizes()) | {b"."} == paths
    assert local.sizes()[b"sparse"] == media.sizes()[b"./sparse"] == 1 << 20


def test_media_in_a_folder_of_the_volume_are_reported_without_what_is_beside_them(
    programs: Programs, tree: Path
) -> None:
    (tree / "site" / "data").mkdir(parents=True)
    (tree / "site" / "data" / "a.png").write_bytes(b"a")
    (tree / "site" / "index.php").write_bytes(b"code")
    client = client_with("media_volume", Mountpoint=str(tree))

    here = VolumeMedia("media_volume", client, os.environ, {}, is_local=True, folder="site/data")
    elsewhere = VolumeMedia("media_volume", client, os.environ, {}, folder="site/data")

    assert set(here.manifest().entries) == {b".", b"a.png"}
    assert "--workdir=/volume/site/data" in elsewhere.helper_command("true")
    assert programs.calls("docker") == []


@pytest.mark.parametrize("is_local", [True, False], ids=["here", "elsewhere"])
def test_a_volume_without_the_medias_folder_holds_no_media_and_gets_none(
    programs: Programs, tree: Path, *, is_local: bool
) -> None:
    client = client_with("media_volume", Mountpoint=str(tree))
    programs.add("docker", run_here(tree))

    media = VolumeMedia("media_volume", client, {**os.environ, "PATH": programs.path}, {}, is_local, "site/data")

    assert media.manifest().entries == {}
    assert list(tree.iterdir()) == []


def test_a_folder_that_leads_out_of_the_volume_holds_no_media(tree: Path) -> None:
    (tree / "data").symlink_to("/")
    client = client_with("media_volume", Mountpoint=str(tree))

    assert VolumeMedia("media_volume", client, os.environ, {}, is_local=True, folder="data").manifest().entries == {}
