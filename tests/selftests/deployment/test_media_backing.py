"""What keeps the media is found by the mount that covers them, and distinguished from another of the same name."""

import os
from pathlib import Path

import pytest
from fake_engine import Found, bound, container, linking, mount

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.media_backing import MediaBacking


def test_the_media_are_mounted_where_the_root_is_however_it_is_spelled(found: Found) -> None:
    backing: MediaBacking = found(container(Mounts=[mount("/srv", name="other"), mount("/srv//media")])).backing

    assert (backing.volume, backing.name) == ("media_volume", "media_volume")


def test_nothing_at_the_media_root_is_a_broken_promise_with_what_to_write(found: Found) -> None:
    with pytest.raises(PromiseBroken, match="nothing is mounted at /srv/media in web-project") as broken:
        found(container(Mounts=[mount("/srv/media/avatars")])).backing.mount()

    assert "vanish with it" in broken.value.means
    assert broken.value.next_step.endswith("NAME:/srv/media")


def test_media_below_a_mounted_volume_are_in_a_folder_of_it(found: Found) -> None:
    stack = found(container(Mounts=[mount("/srv")]), volumes=("media_volume",))

    assert (stack.backing.volume, stack.media.folder) == ("media_volume", "media")


def test_a_media_root_that_is_a_symbolic_link_is_where_the_link_leads(found: Found) -> None:
    linked = container(Mounts=[mount("/data")])
    linked.client.api = linking(srvmedia="/data/pictures")

    stack = found(linked, volumes=("media_volume",))

    assert (stack.backing.volume, stack.media.folder) == ("media_volume", "pictures")


def test_a_link_on_the_way_to_the_media_root_is_followed_too(found: Found) -> None:
    linked = container(Mounts=[mount("/data")])
    linked.client.api = linking(srv="/data/site")

    assert found(linked, volumes=("media_volume",)).media.folder == "site/media"


@pytest.mark.parametrize("kind", ["bind", "tmpfs"])
def test_media_that_are_not_in_a_volume_are_a_broken_promise(found: Found, kind: str) -> None:
    with pytest.raises(PromiseBroken, match=f"is backed by a {kind}, not by a named volume") as broken:
        _ = found(container(Mounts=[mount("/srv/media", kind)])).backing.volume

    assert "backup and restore commands" in broken.value.means


@pytest.mark.parametrize(("name", "exists"), [("media_volume", True), ("media", False)])
def test_a_volume_exists_under_its_whole_name_only(found: Found, name: str, *, exists: bool) -> None:
    assert found(volumes=("media_volume",)).backing.exists(name) is exists


def test_a_directory_of_the_host_that_is_recreated_is_another_one(found: Found, tmp_path: Path) -> None:
    directory = tmp_path / "media"
    directory.mkdir()
    stack = found(bound(directory), daemon="dockerd 1")
    before = stack.identity()

    directory.rename(tmp_path / "moved away")
    directory.mkdir()

    assert stack.identity().volume == before.volume == str(directory)
    assert stack.identity().volume_created != before.volume_created


def test_of_a_directory_on_another_host_only_the_name_is_known(found: Found, tmp_path: Path) -> None:
    identity = found(bound(tmp_path)).identity()

    assert (identity.volume, identity.volume_created) == (str(tmp_path), "")


def test_a_volume_that_is_only_taken_over_by_its_service_is_the_same_volume(found: Found, tmp_path: Path) -> None:
    data = tmp_path / "volumes" / "media_volume" / "_data"
    data.mkdir(parents=True)
    stack = found(daemon="dockerd 1")

    before = stack.backing._created({"CreatedAt": "1", "Mountpoint": str(data)})
    data.chmod(0o700)
    (data / "avatars").mkdir()
    assert stack.backing._created({"CreatedAt": "2", "Mountpoint": str(data)}) == before

    os.utime(data.parent, (0, 0))
    assert stack.backing._created({"CreatedAt": "2", "Mountpoint": str(data)}) != before


def test_on_an_engine_elsewhere_a_volume_is_as_old_as_the_engine_says(found: Found) -> None:
    assert found().backing._created({"CreatedAt": "yesterday", "Mountpoint": "/var/lib"}) == "yesterday"
