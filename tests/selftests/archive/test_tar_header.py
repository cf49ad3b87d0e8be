"""A header is read as GNU tar and POSIX define it; an impossible one is refused with the reason."""

import tarfile
from typing import Literal

import pytest

from media_guarantees.archive.problem import DamagedArchive, UnsupportedArchive
from media_guarantees.archive.tar_header import Header, Member, attributes_of, is_header, normalised

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
    return Header(block(*patches), {key.encode(): value for key, value in attributes.items()}).member(11, SUM)


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


@pytest.mark.parametrize("kind", [b"0", b"\0", b"7", b"S"])
def test_a_file_has_several_types(kind: bytes) -> None:
    assert member((TYPE, kind)).kind == "file"


@pytest.mark.parametrize(("kind", "name"), [(b"0", b"a/"), (b"\0", b"a/"), (b"5", b"a"), (b"D", b"a")])
def test_a_directory_has_several_types_and_v7_knew_it_by_its_name(kind: bytes, name: bytes) -> None:
    described = member((TYPE, kind), (NAME, name))

    assert (described.kind, described.path, described.size, described.sha256) == ("directory", b"a", 0, "")


def test_a_name_that_fills_its_field_is_read_whole() -> None:
    assert member((NAME, b"n" * 100)).name == b"n" * 100


def test_a_target_that_fills_its_field_is_read_whole() -> None:
    assert member((TYPE, b"2"), (TARGET, b"t" * 100)).target == b"t" * 100


def test_a_size_that_fills_its_field_is_read_whole() -> None:
    assert Header(block((SIZE, b"77777777777\0")), {}).size == 8**11 - 1


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
        (b"\xbf" + b"\xff" * 7, (1 << 62) - 1),
        (b"\xc0" + b"\0" * 7, -1 << 62),
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
    assert Header(block(), {b"size": b"8"}).size == 8
    assert member((NAME, b"x/a"), path=b"x/b", **{"GNU.sparse.name": b"x/c"}).name == b"x/c"


def test_an_attribute_without_a_value_overrides_nothing() -> None:
    assert member(path=b"", uid=b"", mtime=b"", size=b"") == member()


@pytest.mark.parametrize(
    ("kind", "extends"), [(b"L", "next"), (b"K", "next"), (b"x", "next"), (b"X", "next"), (b"g", "all"), (b"0", "")]
)
def test_attributes_say_what_they_apply_to(kind: bytes, extends: str) -> None:
    assert Header(block((TYPE, kind)), {}).extends == extends


def test_attributes_of_a_member_do_not_apply_to_the_headers_before_it() -> None:
    header = Header(block((TYPE, b"L"), (SIZE, b"00000000003\0")), {b"size": b"999", b"path": b"other"})

    assert (header.size, header.name, header.attributes) == (3, b"a", {})


def test_a_long_name_ends_with_its_first_nul() -> None:
    assert attributes_of(b"L", b"name\0rest\0") == {b"path": b"name"}
    assert attributes_of(b"K", b"target\0") == {b"linkpath": b"target"}


def test_attributes_are_read_one_after_the_other_whatever_is_in_them() -> None:
    assert attributes_of(b"x", b"12 path=a=b\n18 linkpath=line\n\n9 mtime=\n") == {
        b"path": b"a=b",
        b"linkpath": b"line\n",
        b"mtime": b"",
    }


def test_attributes_that_nothing_asks_for_are_left_out() -> None:
    assert attributes_of(b"x", b"17 comment=line\n\n12 path=a=b\n") == {b"path": b"a=b"}


@pytest.mark.parametrize(
    ("patches", "message"),
    [
        ([(NAME, b"\0")], "header: '': invalid name for a file"),
        ([(NAME, b"a/"), (TYPE, b"7")], "header: 'a/': invalid name for a file"),
        ([(NAME, b"\0"), (TYPE, b"5")], "header: '': invalid name for a directory"),
        ([(SIZE, b"\xff" * 12)], "header: 'a': invalid size: -1 bytes"),
        ([(UID, b"0000008\0")], r"header: invalid number: b'0000008\x00'"),
        ([(GID, b"-000001\0")], r"header: invalid number: b'-000001\x00'"),
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
        ({"mtime": b"x"}, "header: 'a': invalid time: b'x'"),
        ({"mtime": b"1,5"}, "header: 'a': invalid time: b'1,5'"),
        ({"uid": b"x"}, "header: invalid number: b'x'"),
        ({"gid": b"9" * 20}, f"header: invalid number: b'{'9' * 20}'"),
        ({"size": b"-1"}, "header: 'a': invalid size: -1 bytes"),
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
    with pytest.raises(DamagedArchive, match=r"^header: invalid number: b'a=b'$"):
        attributes_of(b"x", b"a=b \n")


@pytest.mark.parametrize(
    ("patches", "reason"),
    [
        ([(TYPE, b"Z")], "it holds a member of type b'Z'"),
        ([(TYPE, b"M")], "it holds a member of type b'M'"),
        ([(TYPE, b"5"), (SIZE, b"00000000005\0")], "it holds a directory of 5 bytes, which programs read in different"),
        ([(TYPE, b"1"), (SIZE, b"00000000005\0")], "it holds a hard link of 5 bytes, which programs read in different"),
    ],
)
def test_what_programs_read_in_different_ways_is_not_judged(patches: list[tuple[int, bytes]], reason: str) -> None:
    with pytest.raises(UnsupportedArchive) as caught:
        member(*patches)

    assert caught.value.reason.startswith(reason)


@pytest.mark.parametrize(
    "header",
    [
        Header(block((TYPE, b"S")), {}),
        Header(block(), {b"GNU.sparse.map": b""}),
        Header(block(), {b"GNU.sparse.major": b"1"}),
        Header(block(), {b"GNU.sparse.size": b"0"}),
    ],
)
def test_a_sparse_file_is_known_by_its_type_or_its_attributes(header: Header) -> None:
    assert header.is_sparse
    assert not Header(block(), {b"path": b"a"}).is_sparse


def summed(form: bytes, *patches: tuple[int, bytes]) -> bytes:
    """Write a header's sum in another form."""
    written = bytearray(block(*patches))
    written[148:156] = b" " * 8
    written[148:156] = form % sum(written)
    return bytes(written)


@pytest.mark.parametrize(
    "header",
    [
        block(),
        block(layout=tarfile.USTAR_FORMAT),
        block((MAGIC, bytes(8))),
        block((MAGIC, b"ustar\0 \0")),
        summed(b"%06o \0"),
        summed(b"%07o\0"),
        summed(b"%6o\0 "),
        summed(b"%6o\0 ", (MAGIC, bytes(8))),
        summed(b"%7o\0", (MAGIC, bytes(8))),
    ],
    ids=["GNU", "POSIX", "V7", "others", "Solaris", "git", "Perl", "V7 in spaces", "BSD in spaces"],
)
def test_a_header_is_one_by_its_checksum_and_its_signature(header: bytes) -> None:
    assert len(header) == 512
    assert is_header(header)


@pytest.mark.parametrize(
    "spoilt",
    [
        block((MAGIC, b"ustar\x0001")),
        block((MAGIC, b"tar\0\0\0\0\0")),
        block()[:148] + b"0000000\0" + block()[156:],
        block()[:154] + b"  " + block()[156:],
        block()[:154] + b"\0\0" + block()[156:],
        b"b" + block()[1:],
        bytes(512),
        b"a" * 100,
        b"",
    ],
    ids=["another version", "another signature", "another sum", "two spaces", "two NULs",
         "another name", "zeros", "less than a block", "nothing"],
)  # fmt: skip
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
