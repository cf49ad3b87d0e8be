"""A `.tar.gz` is read to its very end, and what is wrong is told with the place where it is."""

import hashlib
import tarfile
import zlib
from io import BytesIO

import pytest

from fixtures.lib.tarball import read_members
from fixtures.lib.tarheader import DamagedArchive, Member

GZIP = b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
END = bytes(1024)
LONGEST = 1 << 20


def packed(content: bytes, header: bytes = GZIP) -> bytes:
    """Compress as tar's gzip does, behind a header."""
    deflate = zlib.compressobj(wbits=-15)
    body = deflate.compress(content) + deflate.flush()
    return header + body + zlib.crc32(content).to_bytes(4, "little") + len(content).to_bytes(4, "little")


def file(name: str, content: bytes = b"", **attributes: str) -> bytes:
    """Write one file as tar does, with POSIX attributes before it if there are any."""
    member = tarfile.TarInfo(name)
    member.size, member.pax_headers = len(content), attributes
    header = member.tobuf(tarfile.PAX_FORMAT if attributes else tarfile.GNU_FORMAT)
    return header + content + bytes(-len(content) % 512)


def long_name(size: int) -> bytes:
    """Write the beginning of a member whose name has so many bytes."""
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = b"L", size
    return member.tobuf(tarfile.GNU_FORMAT) + b"n" * size + bytes(-size % 512)


def read(archive: bytes) -> list[Member]:
    return list(read_members(BytesIO(archive)))


def refusal(archive: bytes) -> str:
    with pytest.raises(DamagedArchive) as caught:
        read(archive)
    return str(caught.value)


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 70_000, 200_000])
def test_a_files_content_ends_where_its_size_says(size: int) -> None:
    content = hashlib.shake_128(b"seed").digest(size)

    members = read(packed(file("a", content) + file("b", b"b") + END))

    assert [(member.name, member.size) for member in members] == [(b"a", size), (b"b", 1)]
    assert members[0].sha256 == hashlib.sha256(content).hexdigest()


def test_attributes_are_the_next_members_alone_unless_they_are_everybodys() -> None:
    everybody = tarfile.TarInfo.create_pax_global_header({"uid": "7"})

    members = read(packed(file("first") + everybody + file("a") + file("b", uid="8") + file("c") + END))

    assert [member.uid for member in members] == [0, 7, 8, 7]


def test_a_long_name_and_posix_attributes_add_up() -> None:
    (member,) = read(packed(long_name(300) + file("a", uid="8") + END))

    assert (member.name, member.uid) == (b"n" * 300, 8)


def test_a_name_may_be_as_long_as_a_mebibyte() -> None:
    (member,) = read(packed(long_name(LONGEST) + file("a") + END))

    assert len(member.name) == LONGEST


def test_no_name_is_longer_than_that() -> None:
    assert refusal(packed(file("b") + long_name(LONGEST + 1) + file("a") + END)) == (
        "header: a name of 1048577 bytes can't be (after 'b')"
    )


def test_zero_blocks_after_the_end_marker_fill_up_tars_record() -> None:
    assert len(read(packed(file("a") + END + bytes(512 * 17)))) == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no end marker: it stops at its start, without the two zero blocks of its end"),
        (file("a"), "no end marker: it stops after 'a', without the two zero blocks of its end"),
        (file("a") + END[:512], "no end marker: it stops after 'a', without the two zero blocks of its end"),
        (file("a") + END + file("b"), "data after end: more follows the end marker (after 'a')"),
        (file("a") + END[:512] + file("b"), "data after end: more follows the end marker (after 'a')"),
        (file("a") + END + END[:512] + b"x" * 512, "data after end: more follows the end marker (after 'a')"),
        (file("a")[:-1], "truncated: it stops in the middle of a block or file (at its start)"),
        (file("a") + b"x", "truncated: it stops in the middle of a block or file (after 'a')"),
        (file("a", b"content")[:515], "truncated: it stops in the middle of a block or file (in 'a')"),
        (file("a", b"content")[:600], "truncated: it stops in the middle of a block or file (in 'a')"),
        (file("a") + b"x" * 512, "header checksum: a header's checksum or signature is wrong (after 'a')"),
        (b"x" * 512, "not tar: what was compressed doesn't begin with a tar header"),
        (file("a") + long_name(300) + END, "header: a long name belongs to no member (after 'a')"),
    ],
)
def test_what_is_wrong_inside_is_told_with_its_place(content: bytes, problem: str) -> None:
    assert refusal(packed(content)) == problem


@pytest.mark.parametrize(
    ("archive", "problem"),
    [
        (b"", "empty file: the file holds 0 bytes"),
        (b"\x1f", "truncated: the file ends after 1 bytes"),
        (GZIP[:9], "truncated: the file ends after 9 bytes"),
        (GZIP, "truncated: the file ends before its compressed content does"),
        (b"Plain text, not gzip", "not gzip: the file begins with 'Plain text, not ', not as gzip does"),
        (
            GZIP + b"\xff",
            "corrupt: its compressed bytes were changed: Error -3 while decompressing data: invalid block",
        ),
        (packed(END) + b"\0", "trailing data: more follows the compressed content: `tar` would never read it"),
    ],
)
def test_what_is_wrong_with_the_file_itself_is_told(archive: bytes, problem: str) -> None:
    assert refusal(archive).startswith(problem)


def test_damage_amid_the_content_is_told_with_the_member_that_it_hit() -> None:
    noise = hashlib.shake_128(b"seed").digest(200_000)
    archive = packed(file("a") + file("b", noise) + END)

    assert refusal(archive[:150_000]) == "truncated: the file ends before its compressed content does (in 'b')"


@pytest.mark.parametrize("stamp", [0, 1356998400, (1 << 31) - 1])
def test_gzips_time_is_none_or_one_since_docker_came_to_be(stamp: int) -> None:
    assert read(packed(END, GZIP[:4] + stamp.to_bytes(4, "little") + GZIP[8:])) == []


@pytest.mark.parametrize(
    "header",
    [
        GZIP[:4] + (1).to_bytes(4, "little") + GZIP[8:],
        GZIP[:4] + (1356998399).to_bytes(4, "little") + GZIP[8:],
        GZIP[:4] + (1 << 31).to_bytes(4, "little") + GZIP[8:],
        GZIP[:2] + b"\x07" + GZIP[3:],
        GZIP[:3] + b"\x01" + GZIP[4:],
        GZIP[:8] + b"\x02\x03",
        GZIP[:9] + b"\x00",
    ],
    ids=["1970", "before 2013", "after 2038", "another method", "flags", "another level", "another system"],
)
def test_a_gzip_header_that_tar_does_not_write_is_shown(header: bytes) -> None:
    assert refusal(packed(END, header)) == f"gzip header: {header.hex(' ')} isn't what `tar -czf` begins a file with"
