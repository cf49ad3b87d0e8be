"""A header is read as GNU tar and POSIX lay it out, and one that can't be meant is refused with the reason."""

import tarfile
from typing import Literal

import pytest

from media_guarantees.archive.tar_header import DamagedArchive, Header, Member, attributes_of, is_header, normalised

SUM = "11" * 32


def block(*patches: tuple[int, bytes], layout: Literal[0, 1] = tarfile.GNU_FORMAT) -> bytes:
    """Make the header of an empty file "a", write bytes over it at the offsets given, and set its checksum right."""
    written = bytearray(tarfile.TarInfo("a").tobuf(layout)[:512])
    for offset, patch in patches:
        written[offset : offset + len(patch)] = patch
    written[148:156] = b" " * 8
    written[148:156] = b"%06o\0 " % sum(written)
    return bytes(written)


def member(*patches: tuple[int, bytes], **attributes: bytes) -> Member:
    return Header(block(*patches), {key.encode(): value for key, value in attributes.items()}).member(SUM)


NAME, MODE, UID, GID, SIZE, MTIME, TYPE, TARGET, MAGIC, PREFIX = 0, 100, 108, 116, 124, 136, 156, 157, 257, 345


def test_every_field_is_read_from_its_place() -> None:
    described = member(
        *[(MODE, b"0106755\0"), (UID, b"0000011\0"), (GID, b"0000012\0")],
        *[(SIZE, b"00000000013\0"), (MTIME, b"00000000014\0"), (TARGET, b"not asked for\0")],
    )

    assert described == Member(b"a", "file", 11, SUM, 0o6755, 9, 10, 12 * 10**9, b"")


@pytest.mark.parametrize(
    ("kind", "name", "target"),
    [(b"1", "hard link", b"to"), (b"2", "symlink", b"to"), (b"5", "directory", b""), (b"6", "fifo", b"")],
)
def test_what_is_no_file_has_no_content_and_only_links_have_a_target(kind: bytes, name: str, target: bytes) -> None:
    described = member((TYPE, kind), (TARGET, b"to\0"))

    assert (described.kind, described.sha256, described.target) == (name, "", target)


def test_a_mode_may_be_written_as_a_binary_number() -> None:
    assert member((MODE, b"\x80" + (0o755).to_bytes(7, "big"))).mode == 0o755


@pytest.mark.parametrize("kind", [b"0", b"\0"])
def test_an_ordinary_file_has_two_types(kind: bytes) -> None:
    assert member((TYPE, kind)).kind == "file"


def test_a_name_that_fills_its_field_is_read_whole() -> None:
    assert member((NAME, b"n" * 100)).name == b"n" * 100


def test_a_target_that_fills_its_field_is_read_whole() -> None:
    assert member((TYPE, b"2"), (TARGET, b"t" * 100)).target == b"t" * 100


def test_a_size_that_fills_its_field_is_read_whole() -> None:
    assert member((SIZE, b"77777777777\0")).size == 8**11 - 1


def test_posix_keeps_the_beginning_of_a_long_name_in_a_place_of_its_own() -> None:
    written = block((PREFIX, b"p" * 155 + b"no name"), layout=tarfile.USTAR_FORMAT)

    assert Header(written, {}).name == b"p" * 155 + b"/a"


def test_what_gnu_keeps_in_the_place_of_the_prefix_is_no_name() -> None:
    assert Header(block((PREFIX, b"12345670123\0")), {}).name == b"a"


@pytest.mark.parametrize(
    ("field", "number"),
    [
        (b"0000017\0", 15),
        (b"    17 \0", 15),
        (b"\0" * 8, 0),
        (b"\x80\0\0\0\0\x20\0\0", 0x200000),
        (b"\x80" + b"\xff" * 7, (1 << 56) - 1),
        (b"\xff" * 8, -1),
        (b"\xff" + b"\0" * 7, -1 << 56),
        (b"\xff" * 6 + b"\xfe\0", -512),
    ],
)
def test_a_number_is_octal_or_what_gnu_writes_for_a_large_one(field: bytes, number: int) -> None:
    assert member((UID, field)).uid == number


@pytest.mark.parametrize(
    ("written", "nanoseconds"),
    [
        (b"7", 7 * 10**9),
        (b"1.", 10**9),
        (b"1.5", 1_500_000_000),
        (b"-1.5", -1_500_000_000),
        (b"-0.000000001", -1),
        (b"0.0000000019", 1),
        (b"1767225600.123456789", 1_767_225_600_123_456_789),
    ],
)
def test_a_time_as_posix_writes_it_has_nanoseconds(written: bytes, nanoseconds: int) -> None:
    assert member(mtime=written).mtime_ns == nanoseconds


def test_an_attribute_overrides_the_field_that_it_stands_for() -> None:
    described = member((TYPE, b"2"), path=b"long", linkpath=b"far", uid=b"5", gid=b"6", mtime=b"7")

    assert described == Member(b"long", "symlink", 0, "", 0o644, 5, 6, 7 * 10**9, b"far")
    assert member(size=b"8").size == 8


@pytest.mark.parametrize(
    ("kind", "extends"), [(b"L", "next"), (b"K", "next"), (b"x", "next"), (b"g", "all"), (b"0", "")]
)
def test_it_is_told_to_whom_attributes_apply(kind: bytes, extends: str) -> None:
    assert Header(block((TYPE, kind)), {}).extends == extends


def test_attributes_of_a_member_are_not_those_of_what_tells_more_of_it() -> None:
    header = Header(block((TYPE, b"L"), (SIZE, b"00000000003\0")), {b"size": b"999", b"path": b"other"})

    assert (header.size, header.name) == (3, b"a")


def test_a_long_name_ends_with_its_first_nul() -> None:
    assert attributes_of(b"L", b"name\0rest\0") == {b"path": b"name"}
    assert attributes_of(b"K", b"target\0") == {b"linkpath": b"target"}


def test_attributes_are_read_one_after_the_other_whatever_is_in_them() -> None:
    assert attributes_of(b"x", b"12 path=a=b\n17 comment=line\n\n5 c=\n") == {
        b"path": b"a=b",
        b"comment": b"line\n",
        b"c": b"",
    }


@pytest.mark.parametrize(
    ("patches", "message"),
    [
        ([(TYPE, b"Z")], "unsupported: 'a': a member of type b'Z' isn't read here"),
        ([(TYPE, b"S")], "unsupported: 'a': a member of type b'S' isn't read here"),
        ([(NAME, b"a/")], "header: 'a/': a file of 0 bytes and this name can't be"),
        ([(NAME, b"\0")], "header: '': a file of 0 bytes and this name can't be"),
        ([(TYPE, b"5"), (SIZE, b"00000000005\0")], "header: 'a': a directory of 5 bytes and this name can't be"),
        ([(SIZE, b"\xff" * 12)], "header: 'a': a size of -1 bytes can't be"),
        ([(UID, b"0000008\0")], r"header: a number of b'0000008\x00' can't be"),
        ([(GID, b"-000001\0")], r"header: a number of b'-000001\x00' can't be"),
    ],
)
def test_a_header_that_cannot_be_meant_is_refused_with_the_reason(
    patches: list[tuple[int, bytes]], message: str
) -> None:
    with pytest.raises(DamagedArchive) as caught:
        member(*patches)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"mtime": b"x"}, "header: 'a': a time of b'x' can't be"),
        ({"mtime": b"1,5"}, "header: 'a': a time of b'1,5' can't be"),
        ({"uid": b"x"}, "header: a number of b'x' can't be"),
        ({"gid": b"9" * 20}, f"header: a number of b'{'9' * 20}' can't be"),
        ({"size": b"-1"}, "header: 'a': a size of -1 bytes can't be"),
    ],
)
def test_attributes_that_cannot_be_meant_are_refused_with_the_reason(
    attributes: dict[str, bytes], message: str
) -> None:
    with pytest.raises(DamagedArchive) as caught:
        member(**attributes)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"7 a=b\n", b"7 a=b\n"),
        (b"5 a=b\n", b"5 a=b\n"),
        (b"5 a=b", b"5 a=b"),
        (b"0 a=b\n", b"0 a=b\n"),
        (b"-6 a=b\n", b"-6 a=b\n"),
        (b"5 ab\n", b"5 ab\n"),
        (b"6 a=b\n7 c=d\n", b"7 c=d\n"),
        (b"x", b"x"),
        (b"a=b\n", b"a=b\n"),
        (b" 6 a=b\n", b" 6 a=b\n"),
        (b"6 a=b\n\0", b"\0"),
        (b"6 a=b\n\n", b"\n"),
        (b"6" * 90, b"6" * 80),
        (b"0" * 19 + b"6" + b" a=b\n", b"0" * 19 + b"6" + b" a=b\n"),
    ],
)
def test_attributes_whose_length_is_wrong_or_missing_are_refused(body: bytes, shown: bytes) -> None:
    with pytest.raises(DamagedArchive) as caught:
        attributes_of(b"x", body)

    assert str(caught.value) == f"header: attributes that can't be read: {shown!r}"


def test_a_length_that_is_no_number_is_refused() -> None:
    with pytest.raises(DamagedArchive, match=r"^header: a number of b'a=b' can't be$"):
        attributes_of(b"x", b"a=b \n")


@pytest.mark.parametrize("key", [b"GNU.sparse", b"GNU.sparse.major"])
def test_a_sparse_member_is_told_by_its_attributes(key: bytes) -> None:
    with pytest.raises(DamagedArchive, match=r"^unsupported: a sparse member isn't read here$"):
        attributes_of(b"x", b"%d %s=1\n" % (len(key) + 6, key))


def test_a_header_is_one_by_its_checksum_and_its_signature() -> None:
    assert is_header(block())
    assert is_header(block(layout=tarfile.USTAR_FORMAT))


@pytest.mark.parametrize(
    "spoilt",
    [
        block((MAGIC, b"ustar\x0001")),
        block((MAGIC, b"tar\0\0\0\0\0")),
        block()[:148] + b"0000000\0" + block()[156:],
        block()[:154] + b" \0" + block()[156:],
        b"b" + block()[1:],
    ],
    ids=["another version", "another signature", "another sum", "a sum in another form", "another name"],
)
def test_what_only_looks_like_a_header_is_none(spoilt: bytes) -> None:
    assert not is_header(spoilt)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (b"./a//b/", b"a/b"),
        (b"a/./b", b"a/b"),
        (b"./", b"."),
        (b"", b"."),
        (b"/a", b"/a"),
        (b"/", b"/"),
        (b"a/../b", b"a/../b"),
    ],
)
def test_a_name_is_normalised_but_its_dangers_stay(name: bytes, path: bytes) -> None:
    assert normalised(name) == path
