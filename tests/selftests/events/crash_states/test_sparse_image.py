"""A file is given the content of one state after another, and holds nothing else than that."""

import random
from pathlib import Path

import pytest

from media_guarantees.events.crash_states.crash_state import Piece
from media_guarantees.events.crash_states.sparse_image import CHUNK, SparseImage, WorkingImage

SIZE = 8 * CHUNK


def piece(offset: int, content: bytes) -> Piece:
    return Piece(offset, len(content), memoryview(content))


def disk(tmp_path: Path, **parts: bytes) -> Path:
    """Make a file of `SIZE` bytes, with each part where the number in its name says."""
    file = tmp_path / "disk.img"
    with file.open("wb") as opened:
        opened.truncate(SIZE)
        for place, content in parts.items():
            opened.seek(int(place.removeprefix("at_")))
            opened.write(content)
    return file


def content_of(image: SparseImage) -> bytes:
    return b"".join(image.chunks.get(chunk, bytes(CHUNK)) for chunk in range(SIZE // CHUNK))


def test_a_disk_is_read_without_its_holes(tmp_path: Path) -> None:
    file = disk(tmp_path, at_5=b"begin", at_393215=b"over two chunks")

    image = SparseImage.read(file)

    assert content_of(image) == file.read_bytes()
    assert sorted(image.chunks) == [0, 5, 6]


def test_an_empty_disk_has_no_chunks(tmp_path: Path) -> None:
    assert SparseImage.read(disk(tmp_path)).chunks == {}


@pytest.mark.parametrize("seed", range(10))
def test_writes_change_what_they_say_in_their_order(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    before = SparseImage.read(disk(tmp_path, at_0=rng.randbytes(CHUNK), at_200000=rng.randbytes(CHUNK)))
    expected = bytearray(content_of(before))
    writes = []
    for _ in range(12):
        length = rng.choice([512, 4096, 3 * CHUNK])
        begin = rng.randrange((SIZE - length) // 512) * 512
        discards = rng.random() < 0.3
        content = bytes(length) if discards else rng.randbytes(length)
        writes.append(Piece(begin, length, memoryview(b"" if discards else content)))
        expected[begin : begin + length] = content

    after = before.written(writes)

    assert content_of(after) == bytes(expected)


def test_what_is_written_to_one_image_leaves_the_other_as_it_was() -> None:
    before = SparseImage({}).written([piece(0, b"old")])

    before.written([piece(0, b"new")])

    assert content_of(before).startswith(b"old")


def test_a_file_holds_one_state_after_the_other_whatever_was_written_into_it(tmp_path: Path) -> None:
    one = SparseImage({}).written([piece(10, b"one"), piece(3 * CHUNK, b"x" * CHUNK)])
    other = SparseImage({}).written([piece(10, b"two")])
    working = WorkingImage(tmp_path / "work.img", SIZE)

    for image in (one, other, one, SparseImage({})):
        working.set_to(image)
        assert working.file.read_bytes() == content_of(image)
        with working.file.open("r+b") as mounted:  # as a file system does while it is mounted
            mounted.seek(6 * CHUNK)
            mounted.write(b"a journal was replayed")


def test_the_file_is_removed_at_the_end(tmp_path: Path) -> None:
    working = WorkingImage(tmp_path / "work.img", SIZE)

    working.remove()

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    file = disk(tmp_path, at_0=b"the owner's")

    with pytest.raises(FileExistsError):
        WorkingImage(file, SIZE)

    assert file.read_bytes().startswith(b"the owner's")


def test_a_disk_of_no_whole_number_of_chunks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a disk of 65537 bytes has no whole number of chunks"):
        WorkingImage(tmp_path / "work.img", CHUNK + 1)
