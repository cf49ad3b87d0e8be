"""An archive is read to its end, and each defect is reported with its position."""

import hashlib
import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO

import pytest
from refusals import error_of

from media_guarantees.archive import sparse_file, strict_tar
from media_guarantees.archive.compression import open_content
from media_guarantees.archive.damaged_copy import RECORD, compress, with_end_marker
from media_guarantees.archive.problem import DamagedArchive, UnsupportedArchive
from media_guarantees.archive.strict_tar import read_members
from media_guarantees.archive.tar_header import Member

END = bytes(1024)
LONGEST = 4096  # bytes of a path
MOST = 1 << 20  # bytes of attributes


def file(name: str, content: bytes = b"", **attributes: str) -> bytes:
    """Write one file as tar does, with POSIX attributes before it if there are any."""
    member = tarfile.TarInfo(name)
    member.size, member.pax_headers = len(content), attributes
    header = member.tobuf(tarfile.PAX_FORMAT if attributes else tarfile.GNU_FORMAT)
    return header + content + bytes(-len(content) % 512)


def global_attributes(**attributes: str) -> bytes:
    """Write POSIX attributes of all members that follow."""
    return tarfile.TarInfo.create_pax_global_header(attributes)


def extension(kind: bytes, body: bytes) -> bytes:
    """Write a header about the next member: "L" has its long name, "K" its long link target."""
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = kind, len(body)
    return member.tobuf(tarfile.GNU_FORMAT) + body + bytes(-len(body) % 512)


def read(content: bytes, *, hashed: bool = True) -> list[Member]:
    """Read what an archive holds, which is ended as tar ends it."""
    return list(read_members(iter([with_end_marker(content)]), hashed=hashed))


def refusal(content: bytes) -> str:
    """Return why an archive of this content is refused; no end is added."""
    return str(error_of(DamagedArchive, lambda: list(read_members(iter([content])))))


def judgement(content: bytes) -> str:
    """Return why an archive of this content can't be judged."""
    with pytest.raises(UnsupportedArchive) as caught:
        list(read_members(iter([content])))
    return caught.value.reason


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 70_000, 200_000, 600_000])
def test_a_files_content_ends_where_its_size_says(size: int) -> None:
    content = hashlib.shake_128(b"seed").digest(size)

    members = read(file("a", content) + file("b", b"b"))

    assert [(member.name, member.size) for member in members] == [(b"a", size), (b"b", 1)]
    assert members[0].sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("size", [100, 511, 512, 513, 1500])
def test_it_is_the_same_archive_in_whatever_pieces_it_comes(size: int) -> None:
    content = with_end_marker(file("a", b"content" * 100) + file("b"))
    pieces = (content[start : start + size] for start in range(0, len(content), size))

    assert list(read_members(pieces)) == list(read_members(iter([content])))


def test_content_that_was_not_asked_for_is_read_but_not_hashed() -> None:
    members = read(file("a", b"content") + file("b", b"b"), hashed=False)

    assert [(member.name, member.sha256) for member in members] == [(b"a", ""), (b"b", "")]


def test_attributes_apply_to_the_next_member_alone_unless_they_are_global() -> None:
    members = read(file("first") + global_attributes(uid="7") + file("a") + file("b", uid="8") + file("c"))

    assert [member.uid for member in members] == [0, 7, 8, 7]


def test_a_long_name_and_posix_attributes_add_up() -> None:
    (member,) = read(extension(b"L", b"n" * 300 + b"\0") + file("a", uid="8"))

    assert (member.name, member.uid) == (b"n" * 300, 8)


@pytest.mark.parametrize(
    "content",
    [
        extension(b"L", b"n" * LONGEST + b"\0") + file("a"),
        extension(b"L", b"n" * LONGEST) + file("a"),
        file("a", path="n" * LONGEST),
    ],
    ids=["as GNU tar writes it", "without a zero at its end", "as POSIX has it"],
)
def test_a_name_may_be_as_long_as_a_path_can_be(content: bytes) -> None:
    (member,) = read(content)

    assert member.name == b"n" * LONGEST


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (extension(b"L", b"n" * LONGEST + b"\0\0"), LONGEST + 2),
        (extension(b"K", b"n" * LONGEST + b"\0\0"), LONGEST + 2),
        (extension(b"L", b"n" * (LONGEST + 1)), LONGEST + 1),
        (extension(b"K", b"n" * (LONGEST + 1)), LONGEST + 1),
        (file("a", path="n" * (LONGEST + 1)), LONGEST + 1),
        (file("a", linkpath="n" * (LONGEST + 1)), LONGEST + 1),
        (global_attributes(path="n" * (LONGEST + 1)), LONGEST + 1),
    ],
    ids=["L", "K", "L without a zero", "K without a zero", "path", "linkpath", "global path"],
)
def test_no_name_and_no_target_is_longer_than_that(content: bytes, size: int) -> None:
    assert refusal(file("b") + content + file("a") + END) == f"header: a name of {size} bytes is too long (after 'b')"


@pytest.mark.parametrize(
    "attributes",
    [lambda size: global_attributes(**sized(size)), lambda size: file("b", b"", **sized(size))],
    ids=["global", "the next member's"],
)
def test_attributes_end_somewhere(attributes: Callable[[int], bytes]) -> None:
    assert [member.name for member in read(attributes(MOST) + file("a"))][-1] == b"a"
    assert refusal(attributes(MOST + 1) + file("a") + END) == (
        f"header: a name of {MOST + 1} bytes is too long (at its start)"
    )


def sized(size: int) -> dict[str, str]:
    """Make an attribute that takes so many bytes as it is written: its own length, a space, a name, and so on."""
    return {"comment": "n" * (size - len(f"{size} comment=\n"))}


@pytest.mark.parametrize(
    ("limit", "value"),
    [("_MOST_MEMBERS", 2), ("_ALL_NAMES", len("abbb") + len("longtarget"))],
    ids=["members", "names"],
)
def test_more_members_or_names_than_fit_in_memory_are_not_read(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    link = tarfile.TarInfo("bbb")
    link.type, link.linkname = tarfile.SYMTYPE, "longtarget"
    content = file("a") + link.tobuf(tarfile.GNU_FORMAT)
    monkeypatch.setattr(strict_tar, limit, value)

    assert len(read(content)) == 2
    assert judgement(content + file("c") + END) == "it holds more than 2 members, too many to check"


@pytest.mark.parametrize("zeros", [0, 512, 3072, RECORD])
def test_zeros_behind_the_end_marker_are_as_many_as_a_program_likes(zeros: int) -> None:
    assert [member.name for member in read_members(iter([file("a") + END + bytes(zeros)]))] == [b"a"]


def test_a_label_is_no_member() -> None:
    assert [member.name for member in read(extension(b"V", b"") + file("a"))] == [b"a"]


def test_the_list_of_names_of_a_directory_is_skipped() -> None:
    assert [(member.name, member.kind, member.size) for member in read(extension(b"D", b"Ya\0\0") + file("a"))] == [
        (b"././@LongLink", "directory", 0),
        (b"a", "file", 0),
    ]


@pytest.mark.parametrize("records", [1, 2, 7])
def test_zeros_after_the_end_marker_fill_up_tars_records(records: int) -> None:
    content = file("a") + END

    assert len(read(content + bytes(records * RECORD - len(content)))) == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no end marker: it stops without the two blocks of zeros of its end (at its start)"),
        (file("a"), "no end marker: it stops without the two blocks of zeros of its end (after 'a')"),
        (file("a") + END[:512], "no end marker: it stops without the two blocks of zeros of its end (after 'a')"),
        (file("a") + END + file("b"), "data after end: more follows the end marker (after 'a')"),
        (file("a") + END[:512] + file("b"), "data after end: more follows the end marker (after 'a')"),
        (file("a") + END + END[:512] + b"x" * 512, "data after end: more follows the end marker (after 'a')"),
        (file("a")[:-1], "truncated: it stops in the middle of a block or file (at its start)"),
        (file("a") + b"x", "truncated: it stops in the middle of a block or file (after 'a')"),
        (file("a", b"content")[:515], "truncated: it stops in the middle of a block or file (in 'a')"),
        (file("a", b"content")[:600], "truncated: it stops in the middle of a block or file (in 'a')"),
        (file("a", b"content")[:600] + b"x" * 424, "fill: what fills up a file's last block isn't zeros (in 'a')"),
        (file("a") + b"x" * 512, "header checksum: a header's checksum or signature is wrong (after 'a')"),
        (b"x" * 512, "not tar: its content doesn't begin with a tar header (at its start)"),
        (with_end_marker(extension(b"L", b"n")), "header: a long name belongs to no member (at its start)"),
        (with_end_marker(file("a") + extension(b"L", b"n")), "header: a long name belongs to no member (after 'a')"),
    ],
)
def test_what_is_wrong_is_reported_with_its_place(content: bytes, problem: str) -> None:
    assert refusal(content) == problem


def test_damage_to_the_compressed_content_is_reported_with_the_member_that_it_hit() -> None:
    noise = hashlib.shake_128(b"seed").digest(1_000_000)
    archive = compress(with_end_marker(file("a") + file("b", noise)))

    with pytest.raises(DamagedArchive) as caught:
        list(read_members(open_content(BytesIO(archive[:-100_000])).pieces))

    assert str(caught.value) == "truncated: the file ends before its compressed content does (in 'b')"


def test_nothing_more_is_read_once_an_archive_is_refused() -> None:
    pieces = iter([file("a") + b"x" * 512, b"more"])

    with pytest.raises(DamagedArchive, match="header checksum"):
        list(read_members(pieces))

    assert list(pieces) == [b"more"]


def in_spaces(header: bytes) -> bytes:
    """Fill a header's checksum up with spaces, as Perl does."""
    return header[:148] + header[148:156].replace(b"0", b" ", 1) + header[156:]


def test_all_checksums_are_filled_up_in_the_same_way() -> None:
    a, b, c = (in_spaces(file(name)) for name in "abc")

    assert len(read(a + b + c)) == 3
    for mixed in (file("a") + b, a + file("b"), a + b + file("c")):
        assert refusal(mixed + END).startswith("header checksum: a header's checksum or signature is wrong (after ")


def test_a_checksum_that_needs_no_filling_is_filled_up_in_either_way() -> None:
    long = tarfile.TarInfo("~" * 100)
    long.linkname, long.uname, long.gname = "~" * 100, "~" * 31, "~" * 31
    full = long.tobuf(tarfile.GNU_FORMAT)  # whose sum has six digits

    assert full[148:149] == b"1"
    assert len(read(full + file("a") + full)) == 3
    assert len(read(in_spaces(file("a")) + full + in_spaces(file("b")))) == 3


def test_damage_before_any_member_is_reported_as_it_is() -> None:
    def damaged() -> Iterator[bytes]:
        raise DamagedArchive("corrupt", "its compressed bytes were changed")
        yield b""

    with pytest.raises(DamagedArchive) as caught:
        list(read_members(damaged()))

    assert str(caught.value) == "corrupt: its compressed bytes were changed"


def sparse(stored: bytes, **attributes: str) -> bytes:
    """Write a sparse file of POSIX's, called "a", of whose data so much is in the archive."""
    return file("GNUSparseFile.0/a", stored, **{f"GNU.sparse.{key}": value for key, value in attributes.items()})


def old_sparse(stored: bytes, size: int, *pairs: tuple[int, int]) -> bytes:
    """Write a sparse file of GNU tar's own, called "a": four pairs in its header, 21 in each block behind it."""
    numbers = [b"%011o\0%011o\0" % pair for pair in pairs]
    header = bytearray(file("a", stored)[:512])
    header[156:157] = b"S"
    header[386:482] = b"".join(numbers[:4]).ljust(96, b"\0")
    header[482:495] = bytes([len(numbers) > 4]) + b"%011o\0" % size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    rest = [numbers[start : start + 21] for start in range(4, len(numbers), 21)]
    blocks = [
        b"".join(some).ljust(504, b"\0") + bytes([number + 1 < len(rest)]) + bytes(7)
        for number, some in enumerate(rest)
    ]
    return bytes(header) + b"".join(blocks) + stored + bytes(-len(stored) % 512)


WHOLE = b"one" + bytes(997) + b"two" + bytes(1_000_000)
SPARSE = {
    "GNU tar's own": old_sparse(b"onetwo", len(WHOLE), (0, 3), (1000, 3)),
    "0.1": sparse(b"onetwo", name="a", size=str(len(WHOLE)), numblocks="2", map="0,3,1000,3"),
    "1.0": sparse(
        b"2\n0\n3\n1000\n3\n".ljust(512, b"\0") + b"onetwo", name="a", major="1", minor="0", realsize=str(len(WHOLE))
    ),
}


@pytest.mark.parametrize("form", SPARSE)
def test_a_sparse_file_is_what_it_is_with_its_holes(form: str) -> None:
    a, b = read(SPARSE[form] + file("b", b"content"))

    assert (a.name, a.kind, a.size, a.sha256) == (b"a", "file", len(WHOLE), hashlib.sha256(WHOLE).hexdigest())
    assert (b.name, b.sha256) == (b"b", hashlib.sha256(b"content").hexdigest())
    assert read(SPARSE[form], hashed=False) == [replace(a, sha256="")]


def test_the_pairs_of_the_oldest_attributes_are_a_map() -> None:
    pairs = [("offset", 0), ("numbytes", 3), ("offset", 1000), ("numbytes", 3)]
    records = [f"GNU.sparse.size={len(WHOLE)}\n", *(f"GNU.sparse.{key}={value}\n" for key, value in pairs)]
    body = "".join(f"{len(record) + 3} {record}" for record in records).encode()

    (a,) = read(extension(b"x", body) + file("a", b"onetwo"))

    assert (a.size, a.sha256) == (len(WHOLE), hashlib.sha256(WHOLE).hexdigest())


@pytest.mark.parametrize("parts", [4, 5, 25, 26, 60])
def test_a_map_goes_on_in_as_many_blocks_as_it_needs(parts: int) -> None:
    pairs = [(10 * number, 1) for number in range(parts)]
    content = (b"x" + bytes(9)) * parts

    (a,) = read(old_sparse(b"x" * parts, len(content), *pairs))

    assert a.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "content",
    [
        old_sparse(b"onetwo", 1000, (0, 3), (1000, 3)),
        old_sparse(b"onetwo", 2000, (1000, 3), (0, 3)),
        old_sparse(b"onetwo", 2000, (0, 3), (2, 3)),
        old_sparse(b"one", 2000, (0, 3), (1000, 3)),
        sparse(b"onetwo", name="a", size="2000", map="0,3,1000"),
        sparse(b"onetwo", name="a", size="2000", map="0,3,x,3"),
        sparse(b"onetwo", name="a", size="", map="0,3,1000,3"),
        sparse(b"onetwo", name="a", map="0,3,1000,3"),
        sparse(b"onetwo", name="a", size="-1", map="0,3,1000,3"),
        sparse(b"onetwo", name="a", size="9" * 20, map="0,6"),
        sparse(b"2\n0\n", name="a", major="1", minor="0", realsize="2000"),
        sparse(b"1\n0\n3\n".ljust(512, b"\0") + b"one", name="a", major="1", minor="0"),
        sparse(b"1\n0\n3\n".ljust(512, b"\0") + b"one", name="a", major="1", minor="0", realsize="x"),
        sparse(b"1\n0 \n3\n".ljust(512, b"\0") + b"one", name="a", major="1", minor="0", realsize="2000"),
        sparse(b"x\n0\n".ljust(512, b"\0"), name="a", major="1", minor="0", realsize="2000"),
        sparse(b"9" * 18 + b"\n" * 494 + b"onetwo", name="a", major="1", minor="0", realsize="2000"),
    ],
    ids=["too small", "not in order", "overlapping", "not stored", "half a pair", "no number", "no size",
         "size left out", "a sign", "too large", "not a block", "real size left out", "no real size", "a space",
         "no count", "too many"],
)  # fmt: skip
def test_a_map_that_does_not_fit_is_refused(content: bytes) -> None:
    assert re.fullmatch(r"header: '.*a': the map of a sparse file is invalid", refusal(content + END))


def test_holes_are_not_hashed_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_tar, "_ALL_HOLES", 5000)
    one = old_sparse(b"x", 2501, (0, 1))

    assert len(read(one + one)) == 2
    assert judgement(one + one + old_sparse(b"", 1)) == ("its sparse files have holes of 5001 bytes, too many to read")
    assert len(read(one * 3, hashed=False)) == 3, "what isn't hashed takes no time"


def test_a_map_does_not_go_on_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparse_file, "_LONGEST_MAP", 1024)
    pairs = [(10 * number, 1) for number in range(46)]

    assert len(read(old_sparse(b"x" * 46, 460, *pairs))) == 1
    assert judgement(old_sparse(b"x" * 47, 470, *pairs, (460, 1))) == "it holds a sparse file of too many parts"


def test_global_attributes_make_no_file_sparse() -> None:
    for_all = global_attributes(**{"GNU.sparse.map": "0,1", "GNU.sparse.size": "1"})

    assert [member.size for member in read(for_all + file("a", b"content"))] == [7]
