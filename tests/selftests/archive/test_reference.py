"""The reference that an archive is compared with is only read, never created or changed."""

from pathlib import Path

import pytest
from fake_programs import Programs, run_here

from media_guarantees.archive.reference import read_reference
from media_guarantees.core.errors import BadInput
from media_guarantees.media.host_listing import read_directory


@pytest.fixture(name="volume")
def _volume(tmp_path: Path) -> Path:
    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / "a.jpg").write_bytes(b"a")
    return volume


def test_a_volume_is_read_by_a_container_that_can_not_change_it(programs: Programs, volume: Path) -> None:
    programs.add("docker", f'[ "$1" = volume ] && exit 0\n{run_here(volume)}')

    assert read_reference("media_volume") == read_directory(volume)

    asked, read = programs.calls("docker")
    assert asked == "volume inspect media_volume"
    assert "--network=none --workdir=/volume --volume=media_volume:/volume:ro ubuntu" in read


def test_a_volume_that_is_not_there_is_asked_for_and_nothing_more(programs: Programs) -> None:
    programs.add("docker", "echo 'Error: No such volume: media' >&2; exit 1")

    with pytest.raises(
        BadInput, match=r"gives no volume media: Error: No such volume: media\n  hint: docker volume ls"
    ):
        read_reference("media")

    assert programs.calls("docker") == ["volume inspect media"]


def test_without_a_docker_client_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BadInput, match="no `docker` client"):
        read_reference("media_volume")


def test_a_volume_that_changes_while_it_is_read_is_no_reference(programs: Programs, volume: Path) -> None:
    programs.add("sha256sum", f'echo new > "{volume}/new.jpg"; exec /usr/bin/sha256sum "$@"')
    programs.add("docker", f'[ "$1" = volume ] && exit 0\n{run_here(volume)}')

    with pytest.raises(
        BadInput, match=r"while it was read, the tree changed.*\n  hint: try again when there are no uploads"
    ):
        read_reference("media_volume")


def test_a_container_that_fails_is_reported(programs: Programs) -> None:
    programs.add("docker", '[ "$1" = volume ] && exit 0\necho "no such image" >&2; exit 125')

    with pytest.raises(BadInput, match="media_volume can't be read: no such image"):
        read_reference("media_volume")


def test_an_empty_volume_is_nothing_to_compare_with(programs: Programs, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    programs.add("docker", f'[ "$1" = volume ] && exit 0\n{run_here(tmp_path / "empty")}')

    with pytest.raises(BadInput, match="media_volume holds no file"):
        read_reference("media_volume")


def test_a_manifest_that_was_written_down_is_read(tmp_path: Path, volume: Path) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(read_directory(volume).to_json())

    assert read_reference(str(file)) == read_directory(volume)
