"""An archive is read to its very end, and what is wrong is told with the place where it is."""

import hashlib
import tarfile
import threading
from collections.abc import Callable
from io import BytesIO

import pytest

from media_guarantees.archive import strict_tar
from media_guarantees.archive.damaged_copy import RECORD, ended, packed
from media_guarantees.archive.strict_tar import read_members
from media_guarantees.archive.tar_header import DamagedArchive, Member

END = bytes(1024)
LONGEST = 4096  # bytes of a path
MOST = 1 << 20  # bytes of attributes


def file(name: str, content: bytes = b"", **attributes: str) -> bytes:
    """Write one file as tar does, with POSIX attributes before it if there are any."""
    member = tarfile.TarInfo(name)
    member.size, member.pax_headers = len(content), attributes
    header = member.tobuf(tarfile.PAX_FORMAT if attributes else tarfile.GNU_FORMAT)
    return header + content + bytes(-len(content) % 512)


def everybodys(**attributes: str) -> bytes:
    """Write POSIX attributes of all members that follow."""
    return tarfile.TarInfo.create_pax_global_header(attributes)


def extension(kind: bytes, body: bytes) -> bytes:
    """Write what tells of the next member: "L" is its long name, "K" its long target."""
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = kind, len(body)
    return member.tobuf(tarfile.GNU_FORMAT) + body + bytes(-len(body) % 512)


def read(content: bytes, *, hashed: bool = True) -> list[Member]:
    """Read what an archive holds, which is ended as tar ends it."""
    return list(read_members(BytesIO(packed(ended(content))), hashed=hashed))


def refusal(content: bytes) -> str:
    """Tell why an archive of this content, and no other end, is refused."""
    with pytest.raises(DamagedArchive) as caught:
        list(read_members(BytesIO(packed(content))))
    return str(caught.value)


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 70_000, 200_000, 600_000])
def test_a_files_content_ends_where_its_size_says(size: int) -> None:
    content = hashlib.shake_128(b"seed").digest(size)

    members = read(file("a", content) + file("b", b"b"))

    assert [(member.name, member.size) for member in members] == [(b"a", size), (b"b", 1)]
    assert members[0].sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("size", [100, 511, 512, 513, 1500])
def test_it_is_the_same_archive_in_whatever_pieces_it_comes(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    content = ended(file("a", b"content" * 100) + file("b"))
    members = read(content)
    pieces = (content[start : start + size] for start in range(0, len(content), size))
    monkeypatch.setattr(strict_tar, "decompressed", lambda _: pieces)

    assert list(read_members(BytesIO())) == members


def test_content_that_nobody_asked_for_is_read_but_not_hashed() -> None:
    members = read(file("a", b"content") + file("b", b"b"), hashed=False)

    assert [(member.name, member.sha256) for member in members] == [(b"a", ""), (b"b", "")]


def test_attributes_are_the_next_members_alone_unless_they_are_everybodys() -> None:
    members = read(file("first") + everybodys(uid="7") + file("a") + file("b", uid="8") + file("c"))

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
        (everybodys(path="n" * (LONGEST + 1)), LONGEST + 1),
    ],
    ids=["L", "K", "L without a zero", "K without a zero", "path", "linkpath", "everybody's path"],
)
def test_no_name_and_no_target_is_longer_than_that(content: bytes, size: int) -> None:
    assert refusal(file("b") + content + file("a") + END) == f"header: a name of {size} bytes can't be (after 'b')"


@pytest.mark.parametrize(
    "attributes",
    [lambda size: everybodys(**sized(size)), lambda size: file("b", b"", **sized(size))],
    ids=["everybody's", "the next member's"],
)
def test_attributes_end_somewhere(attributes: Callable[[int], bytes]) -> None:
    assert [member.name for member in read(attributes(MOST) + file("a"))][-1] == b"a"
    assert refusal(attributes(MOST + 1) + file("a") + END) == (
        f"header: a name of {MOST + 1} bytes can't be (at its start)"
    )


def sized(size: int) -> dict[str, str]:
    """Make an attribute that takes so many bytes as it is written: its own length, a space, a name, and so on."""
    return {"comment": "n" * (size - len(f"{size} comment=\n"))}


def test_many_attributes_are_as_little_without_end_as_one() -> None:
    half = "n" * (MOST // 2 - 1)
    most = everybodys(a=half) + everybodys(b=half)

    assert len(read(most + everybodys(a=half) + file("a"))) == 1, "one that is given anew takes the former's place"
    assert refusal(file("z") + most + everybodys(c="") + file("a") + END) == (
        "unsupported: attributes without end (after 'z')"
    )


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
    assert refusal(content + file("c") + END) == ("unsupported: 3 members with 15 bytes of names are too many to check")


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
        (file("a") + END, "unfilled: it stops within a record of 10240 bytes, which `tar` fills up (after 'a')"),
        (END, "unfilled: it stops within a record of 10240 bytes, which `tar` fills up (at its start)"),
        (
            ended(b"") + bytes(512),
            "unfilled: it stops within a record of 10240 bytes, which `tar` fills up (at its start)",
        ),
        (file("a") + END + file("b"), "data after end: more follows the end marker (after 'a')"),
        (file("a") + END[:512] + file("b"), "data after end: more follows the end marker (after 'a')"),
        (file("a") + END + END[:512] + b"x" * 512, "data after end: more follows the end marker (after 'a')"),
        (file("a")[:-1], "truncated: it stops in the middle of a block or file (at its start)"),
        (file("a") + b"x", "truncated: it stops in the middle of a block or file (after 'a')"),
        (file("a", b"content")[:515], "truncated: it stops in the middle of a block or file (in 'a')"),
        (file("a", b"content")[:600], "truncated: it stops in the middle of a block or file (in 'a')"),
        (file("a", b"content")[:600] + b"x" * 424, "fill: what fills up a file's last block isn't zeros (in 'a')"),
        (file("a") + b"x" * 512, "header checksum: a header's checksum or signature is wrong (after 'a')"),
        (b"x" * 512, "not tar: what was compressed doesn't begin with a tar header (at its start)"),
        (ended(extension(b"L", b"n")), "header: a long name belongs to no member (at its start)"),
        (ended(file("a") + extension(b"L", b"n")), "header: a long name belongs to no member (after 'a')"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(content: bytes, problem: str) -> None:
    assert refusal(content) == problem


def test_damage_to_the_compressed_content_is_told_with_the_member_that_it_hit() -> None:
    noise = hashlib.shake_128(b"seed").digest(1_000_000)
    archive = packed(ended(file("a") + file("b", noise)))

    with pytest.raises(DamagedArchive) as caught:
        list(read_members(BytesIO(archive[:-100_000])))

    assert str(caught.value) == "truncated: the file ends before its compressed content does (in 'b')"


def test_nothing_is_read_any_more_once_an_archive_is_refused() -> None:
    archive = packed(file("a") + b"x" * 2_000_000)

    with pytest.raises(DamagedArchive, match="header checksum"):
        list(read_members(BytesIO(archive)))

    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("gunzip")] == []


def test_damage_before_any_member_is_told_as_it_is() -> None:
    with pytest.raises(DamagedArchive) as caught:
        list(read_members(BytesIO(b"")))

    assert str(caught.value) == "empty file: the file holds 0 bytes"
