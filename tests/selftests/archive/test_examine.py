"""An archive that GNU tar made is accepted; one that was damaged anywhere never is."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from media_guarantees.archive.damaged_copy import RECORD, boundaries, compress, decompress, with_end_marker
from media_guarantees.archive.examine import DamagedArchive, check, check_name, examine, read_archive
from media_guarantees.media.awkward_names import plant_nasty_tree
from media_guarantees.media.diff import NothingCompared, diff
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.manifest import Manifest

SEED = 20260101


def seeded() -> random.Random:
    """Return a generator with a fixed seed, so that random damage is the same in every run."""
    return random.Random(SEED)  # noqa: S311 - nothing here is secret


def flipped(data: bytes, bit: int) -> bytes:
    """Flip one bit, counted from the first byte's lowest."""
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def back_up(root: Path, *options: str) -> bytes:
    """Archive a directory with the guide's own arguments to tar; return the archive's bytes."""
    file = root.parent / "backup.tar.gz"
    subprocess.run(["tar", *options, "-czf", file, "-C", root, "."], check=True)
    return file.read_bytes()


def kinds(archive: bytes, against: Manifest | None = None) -> list[str]:
    return [problem.kind for problem in check(BytesIO(archive), against=against)]


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "avatars").mkdir(parents=True)
    (root / "avatars" / "a.jpg").write_bytes(seeded().randbytes(700))
    (root / "avatars" / "b.jpg").write_bytes(b"b" * 300)
    return root


@pytest.fixture(name="nasty_tree")
def _nasty_tree(tmp_path: Path) -> Path:
    root = tmp_path / "nasty"
    root.mkdir()
    plant_nasty_tree(root)
    return root


@pytest.fixture(name="archive")
def _archive(tree: Path) -> bytes:
    return back_up(tree)


@pytest.mark.parametrize("layout", ["gnu", "oldgnu", "posix", "pax"])
def test_an_archive_holds_what_its_directory_holds(nasty_tree: Path, layout: str) -> None:
    archive = BytesIO(back_up(nasty_tree, f"--format={layout}"))

    assert diff(read_directory(nasty_tree), read_archive(archive), mtime="seconds") == ()


def test_the_format_that_holds_fractions_of_a_second_is_read_with_them(nasty_tree: Path) -> None:
    archive = BytesIO(back_up(nasty_tree, "--format=posix"))

    assert diff(read_directory(nasty_tree), read_archive(archive)) == ()


def test_tars_own_format_holds_whole_seconds(nasty_tree: Path) -> None:
    changes = diff(read_directory(nasty_tree), read_archive(BytesIO(back_up(nasty_tree))))

    assert {change.aspect for change in changes} == {"mtime"}


def test_an_undamaged_archive_has_no_problem(nasty_tree: Path) -> None:
    assert check(BytesIO(back_up(nasty_tree)), against=read_directory(nasty_tree)) == ()


def test_an_archive_is_judged_by_its_path_too(tree: Path) -> None:
    back_up(tree)

    assert check(tree.parent / "backup.tar.gz", against=read_directory(tree)) == ()
    assert check(str(tree.parent / "backup.tar.gz")) == ()


def test_python_reads_the_same_names_and_sizes(nasty_tree: Path) -> None:
    archive = back_up(nasty_tree)

    with tarfile.open(fileobj=BytesIO(archive), encoding="utf-8", errors="surrogateescape") as tar:
        files = [member for member in tar if member.isreg()]
    theirs = {member.name.encode("utf-8", "surrogateescape")[2:]: member.size for member in files}

    ours = read_archive(BytesIO(archive))
    links = {path for group in ours.links for path in group} - theirs.keys()
    assert {file.path: file.size for file in ours.files if file.path not in links} == theirs


@pytest.mark.parametrize(
    ("field", "value"), [("uid", 1 << 31), ("gid", 1 << 40), ("mtime", -2), ("mtime", 1 << 34), ("uid", 0o7777777)]
)
def test_a_number_of_any_length_is_read(field: str, value: int) -> None:
    member = tarfile.TarInfo("a")
    setattr(member, field, value)
    content = member.tobuf(tarfile.GNU_FORMAT) + bytes(9216 + 512)

    entry = read_archive(BytesIO(compress(content))).entries[b"a"]

    seen = entry.mtime_ns // 10**9 if field == "mtime" else getattr(entry, field)
    assert seen == value


def test_the_time_that_old_gzip_wrote_is_no_damage(archive: bytes) -> None:
    assert kinds(archive[:4] + (1_500_000_001).to_bytes(4, "little") + archive[8:]) == []


def test_a_large_file_is_not_held_in_memory(tmp_path: Path) -> None:
    root = tmp_path / "large"
    root.mkdir()
    with (root / "zeros").open("wb") as file:
        file.truncate(64_000_000)
    back_up(root)
    tracemalloc.start()
    try:
        problems = check(tmp_path / "backup.tar.gz")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert problems == ()
    assert peak < 2_000_000, f"{peak} bytes at once"


def test_an_archive_truncated_anywhere_is_refused(archive: bytes) -> None:
    for length in range(len(archive)):
        assert len(kinds(archive[:length])) == 1, f"accepted with {length} of its {len(archive)} bytes"


@pytest.mark.parametrize("part", [1, 2, 3])
def test_a_truncated_archive_is_called_truncated(archive: bytes, part: int) -> None:
    (problem,) = check(BytesIO(archive[: len(archive) * part // 4]))

    assert problem.kind == "truncated"
    assert "the file ends" in problem.message


def assert_refused_if_it_matters(archive: bytes, bit: int) -> None:
    """Some bits change nothing: in gzip's header, and in a run of equal bytes, where any distance gives the same."""
    damaged = flipped(archive, bit)
    if not kinds(damaged):
        before_checksum = bit // 8 < len(archive) - 8
        unharmed = before_checksum and decompress(damaged) == decompress(archive)
        assert unharmed, f"bit {bit % 8} of byte {bit // 8} of {len(archive)} can be flipped unnoticed"


def test_any_one_flipped_bit_that_changes_anything_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "small"
    root.mkdir()
    (root / "a").write_bytes(seeded().randbytes(40))
    archive = back_up(root)
    for bit in range(len(archive) * 8):
        assert_refused_if_it_matters(archive, bit)


def test_flipped_bits_in_a_larger_archive_are_refused(nasty_tree: Path) -> None:
    archive = back_up(nasty_tree)
    for bit in seeded().sample(range(len(archive) * 8), 200):
        assert_refused_if_it_matters(archive, bit)


@pytest.mark.parametrize("part", range(1, 8))
def test_a_flipped_bit_within_a_picture_is_refused(tree: Path, part: int) -> None:
    (tree / "avatars" / "a.jpg").write_bytes(seeded().randbytes(100_000))
    archive = back_up(tree)

    assert kinds(flipped(archive, len(archive) * part + part)) == ["corrupt"]


def test_a_flipped_bit_in_a_checksum_is_called_corrupt(archive: bytes) -> None:
    (problem,) = check(BytesIO(flipped(archive, 8 * (len(archive) - 8))))

    assert problem.kind == "corrupt"
    assert "its compressed bytes were changed" in problem.message


def test_with_a_manifest_the_file_that_a_flipped_bit_hit_is_named(tree: Path, archive: bytes) -> None:
    content = decompress(archive)
    damaged = flipped(content, 8 * content.index(b"b" * 300) + 7)

    problems = check(BytesIO(compress(damaged)), against=read_directory(tree))

    assert [(problem.kind, problem.member) for problem in problems] == [("content", b"avatars/b.jpg")]


def test_any_one_flipped_bit_in_a_members_header_is_refused(archive: bytes) -> None:
    content = decompress(archive)
    start = boundaries(content)[1]
    for bit in range(512 * 8):
        damaged = flipped(content, start * 8 + bit)
        assert kinds(compress(damaged)) == ["header checksum"], f"bit {bit % 8} of byte {bit // 8} can be flipped"


def test_an_archive_cut_between_two_members_has_no_end_marker(nasty_tree: Path) -> None:
    content = decompress(back_up(nasty_tree))
    for end in boundaries(content)[1:]:
        assert "no end marker" in kinds(compress(content[:end])), f"accepted when cut at {end}"


def test_half_an_end_marker_is_none(archive: bytes) -> None:
    content = decompress(archive)

    assert kinds(compress(content[: boundaries(content)[-1] + 512])) == ["no end marker"]


def test_an_archive_is_whole_from_its_end_marker_on_however_many_zeros_follow(archive: bytes) -> None:
    content = decompress(archive)
    end = boundaries(content)[-1]
    for length in range(end, len(content), 512):
        assert kinds(compress(content[:length])) == (["no end marker"] if length < end + 1024 else []), f"{length}"


def test_an_archive_cut_within_a_block_of_its_end_is_refused(archive: bytes) -> None:
    assert kinds(compress(decompress(archive)[:-1])) == ["truncated"]


def test_an_archive_cut_inside_a_member_is_truncated(archive: bytes) -> None:
    content = decompress(archive)
    (problem,) = check(BytesIO(compress(content[: boundaries(content)[-1] - 100])))

    assert problem.kind == "truncated"
    assert "in './avatars/" in problem.message


def test_what_a_cut_archive_with_a_new_end_lacks_is_known_only_from_a_manifest(tree: Path, archive: bytes) -> None:
    content = decompress(archive)
    cut = compress(with_end_marker(content[: boundaries(content)[-2]]))
    last = read_directory(tree).entries.keys() - read_archive(BytesIO(cut)).entries.keys()

    problems = check(BytesIO(cut), against=read_directory(tree))

    assert kinds(cut) == [], "the archive itself doesn't show it"
    assert [(problem.kind, problem.member) for problem in problems] == [("missing", *last)]
    assert "file, " in problems[0].message


@pytest.mark.parametrize("records", [1, 2, 3])
def test_what_a_killed_tar_leaves_is_refused_though_gzip_accepts_it(nasty_tree: Path, records: int) -> None:
    # The compressor sees the end of its input and ends its own file in good order, after whole records of tar's.
    left = compress(decompress(back_up(nasty_tree))[: 10240 * records])

    subprocess.run(["gzip", "-t"], input=left, check=True)
    assert set(kinds(left)) & {"truncated", "no end marker"}


def test_data_behind_the_end_marker_is_refused(archive: bytes) -> None:
    content = decompress(archive)

    assert kinds(compress(content + content)) == ["data after end"]


def test_a_member_taken_out_of_the_middle_is_missed(tree: Path, archive: bytes) -> None:
    content = decompress(archive)
    _, first, second, third, *_ = boundaries(content)
    damaged = compress(with_end_marker(content[:second] + content[third : boundaries(content)[-1]]))

    assert kinds(damaged, against=read_directory(tree)) == ["missing"], f"cut after {first}"


@pytest.mark.parametrize(
    ("damaged", "kind", "message"),
    [
        (b"", "empty file", "0 bytes"),
        (b"These are not the pictures you are looking for.\n", "no archive", "begins with 'These are not th'"),
        (b"\x1f\x8b\x08", "truncated", "before its compressed content does"),
        (compress(b"words " * 1000), "not tar", "doesn't begin with a tar header"),
        (compress(b""), "no end marker", "at its start"),
        (compress(b"short"), "truncated", "in the middle"),
        (compress(bytes(10240)), "empty", "holds only ./"),
    ],
)
def test_what_is_no_archive_is_called_what_it_is(damaged: bytes, kind: str, message: str) -> None:
    (problem,) = check(BytesIO(damaged))

    assert problem.kind == kind
    assert message in problem.message


def test_a_problem_of_no_member_names_none() -> None:
    (problem,) = check(BytesIO(b""))

    assert str(problem) == "empty file: the file holds 0 bytes"


@pytest.mark.parametrize("garbage", [b"\0garbage", b"garbage", bytes(RECORD) + b"\1"])
def test_whatever_follows_the_compressed_content_is_refused(archive: bytes, garbage: bytes) -> None:
    assert kinds(archive + garbage) == ["trailing data"]


def test_an_archive_of_an_empty_volume_is_empty(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (problem,) = check(BytesIO(back_up(tmp_path / "volume")))

    assert problem.kind == "empty"
    assert problem.message == "it holds only ./: not one file of a volume was saved"


def test_an_archive_of_empty_directories_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "volume" / "avatars").mkdir(parents=True)

    assert kinds(back_up(tmp_path / "volume")) == []


def test_a_comparison_with_an_empty_manifest_is_an_error(archive: bytes) -> None:
    with pytest.raises(NothingCompared, match="no file"):
        check(BytesIO(archive), against=Manifest({}))


def test_what_is_in_an_archive_is_reported_and_hashed_where_that_is_asked_for(tree: Path, archive: bytes) -> None:
    for source in (BytesIO(archive), tree.parent / "backup.tar.gz"):
        contents = examine(source).contents
        assert contents.entries.keys() == read_directory(tree).entries.keys()
        assert {file.sha256 for file in contents.files} == {""}
    hashed = examine(BytesIO(archive), hashed=True).contents
    assert hashed == examine(BytesIO(archive), against=read_directory(tree)).contents == read_archive(BytesIO(archive))


def test_what_precedes_the_damage_of_an_archive_is_reported(archive: bytes) -> None:
    content = decompress(archive)
    found = examine(BytesIO(compress(content[: boundaries(content)[-1] - 100])))

    assert found.damaged is True
    assert len(found.contents.entries) == len(boundaries(content)) - 2


def test_an_archive_of_nothing_is_read_to_its_end() -> None:
    found = examine(BytesIO(compress(bytes(RECORD))))

    assert [problem.kind for problem in found.problems] == ["empty"]
    assert found.damaged is False


def test_a_hard_link_is_what_its_file_is_under_a_name_of_its_own(tree: Path) -> None:
    (tree / "link").hardlink_to(tree / "avatars" / "b.jpg")
    entries = read_archive(BytesIO(back_up(tree))).entries

    assert entries[b"link"] == replace(entries[b"avatars/b.jpg"], path=b"link")
    assert {entry.path for entry in entries.values()} == entries.keys()


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.tar\.gz"):
        check(tmp_path / "absent.tar.gz")


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data[:-1] + b"x", lambda data: data + b"x"])
def test_no_manifest_is_made_of_a_damaged_archive(archive: bytes, damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(DamagedArchive, match=r"truncated|corrupt|trailing data"):
        read_archive(BytesIO(damage(archive)))


def test_a_long_name_without_its_member_is_refused(nasty_tree: Path) -> None:
    content = decompress(back_up(nasty_tree))
    start = content.index(b"././@LongLink")
    size = int(content[start + 124 : start + 135], 8)
    end = start + 512 + -(-size // 512) * 512

    assert "header" in kinds(compress(with_end_marker(content[:end])))


@pytest.mark.parametrize(
    "options", [(), ("--format=posix",), *((f"--sparse-version={v}",) for v in ("0.0", "0.1", "1.0"))]
)
def test_a_sparse_file_is_read_with_its_holes(nasty_tree: Path, options: tuple[str, ...]) -> None:
    posix = ("--format=posix",) if options else ()
    archive = back_up(nasty_tree, "--sparse", *posix, *options)

    assert check(BytesIO(archive), against=read_directory(nasty_tree)) == ()


@pytest.mark.parametrize("body", [b"x", b"99 a=b\n", b"5 a=b", b"0 a=b\n", b"7 a=bc\n" + b"-1 ", b"9 size=x\n"])
def test_attributes_that_cannot_be_read_are_refused(body: bytes) -> None:
    header = tarfile.TarInfo("attributes")
    header.type, header.size = b"x", len(body)
    content = header.tobuf(tarfile.GNU_FORMAT) + body.ljust(512, b"\0") + tarfile.TarInfo("a").tobuf()

    assert kinds(compress(with_end_marker(content))) == ["header"]


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("media_backup_20260131.tar.gz", True),
        ("/somewhere/media_backup_20240229.tar.gz", True),
        ("media_backup_20260230.tar.gz", False),
        ("media_backup_2026013.tar.gz", False),
        ("media_backup_20260131.tgz", False),
        ("media_backup_20260131.tar.gz.part", False),
        ("Media_backup_20260131.tar.gz", False),
        ("media_backup_20260131.tar.gz\n", False),
        ("media_backup_٢٠٢٦٠١٣١.tar.gz", False),
        ("[NOME_DO_ARQUIVO_DE_BACKUP].tar.gz", False),
    ],
)
def test_a_name_is_right_as_the_guide_has_it(name: str, right: bool) -> None:
    assert [problem.kind for problem in check_name(name)] == ([] if right else ["name"])


def test_a_wrong_name_is_reported_with_the_right_form() -> None:
    (problem,) = check_name("backups/media.tar.gz")

    assert problem.message == "'media.tar.gz' isn't media_backup_YYYYMMDD.tar.gz, with a day that exists"


def test_a_name_is_of_the_day_that_is_asked_for() -> None:
    (problem,) = check_name("media_backup_20260131.tar.gz", date(2026, 2, 1))

    assert problem.kind == "name"
    assert "isn't media_backup_20260201.tar.gz" in problem.message
    assert check_name("media_backup_20260201.tar.gz", date(2026, 2, 1)) == ()


class Work:
    """A step of the journal that records its name and its progress."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, str]] = []
        self.places: list[int] = []

    @contextmanager
    def step(self, what: str, *, total: int, kind: str) -> Iterator[Work]:
        """Begin."""
        self.steps.append((what, total, kind))
        yield self

    @property
    def done(self) -> int:
        """How far it is."""
        return self.places[-1]

    @done.setter
    def done(self, place: int) -> None:
        self.places.append(place)


@pytest.fixture(name="work")
def _work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    monkeypatch.setattr("media_guarantees.archive.examine.journal.step", work.step)
    return work


def test_reading_a_file_reports_progress(tree: Path, tmp_path: Path, work: Work) -> None:
    file = tmp_path / "media_backup_20260131.tar.gz"
    file.write_bytes(back_up(tree))

    examine(file)

    size = file.stat().st_size
    assert work.steps == [("reading media_backup_20260131.tar.gz", size, "work")]
    assert set(work.places) == {size}, "so small a file is read in one piece"


def test_a_pipe_has_no_size_and_no_place(tree: Path, tmp_path: Path, work: Work) -> None:
    pipe, content = tmp_path / "pipe", back_up(tree)
    os.mkfifo(pipe)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(pipe.write_bytes, content)
        found = examine(pipe)

    assert not found.problems
    assert work.steps == [("reading pipe", 0, "work")]
    assert set(work.places) == {0}


def test_a_folder_is_compared_as_an_archive_is(tree: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tree, copy, symlinks=True)

    found = examine(copy, against=read_directory(tree))
    assert (found.form, found.problems, found.differences, found.damaged) == ("folder", (), (), False)
    assert found.contents == found.media == read_archive(copy) == read_directory(copy)

    (copy / "avatars" / "a.jpg").write_bytes(b"a")
    assert {problem.kind for problem in check(copy, against=read_directory(tree))} >= {"size"}


def test_a_folder_has_no_checksums_and_may_be_empty(tmp_path: Path) -> None:
    found = examine(tmp_path)

    assert [problem.kind for problem in found.problems] == ["empty"]
    assert found.notes == ("no checksum protects its content: only a comparison shows whether that changed",)
    assert examine(tmp_path, may_be_empty=True).problems == ()


def test_the_media_in_a_folder_are_found_below_it(tree: Path, tmp_path: Path) -> None:
    copy = tmp_path / "backups" / "today" / "_data"
    shutil.copytree(tree, copy)
    (tmp_path / "backups" / "database.sql").write_bytes(b"x")

    found = examine(tmp_path / "backups", against=read_directory(tree))

    assert (found.prefix, found.differences) == (b"today/_data", ())
    assert found.notes[0] == "the media are below 'today/_data' in it, beside 1 other entries"
    assert read_archive(tmp_path / "backups", holding=[b"avatars/a.jpg"]) == read_directory(copy)


@pytest.mark.parametrize(("folder", "prefix"), [("/", "/"), ("/data/", "/data"), ("data/", "data")])
def test_a_folder_above_the_media_is_not_beside_them(tree: Path, folder: str, prefix: str) -> None:
    def placed(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.name = folder + member.name
        return member

    with tarfile.open(tree.parent / "b.tar", "w") as tar:
        tar.add(tree, ".", recursive=False)
        for path in tree.iterdir():
            tar.add(path, path.name, filter=placed)

    found = examine(tree.parent / "b.tar", against=read_directory(tree))

    assert found.notes[0] == f"the media are below {prefix!r} in it"


@pytest.mark.parametrize("compression", ["", "gzip", "bzip2", "xz", "zstd"])
def test_an_archive_is_recognised_by_its_content_whatever_it_is_called(
    tree: Path, archive: bytes, compression: str, tmp_path: Path
) -> None:
    file = tmp_path / "called.anything"
    file.write_bytes(compress(decompress(archive), compression))

    found = examine(file, against=read_directory(tree))

    assert (found.problems, found.differences) == ((), ())
    assert found.form == f"tar archive, {compression or 'not compressed'}"


def test_an_archive_of_a_program_that_fills_up_no_record_is_whole(archive: bytes) -> None:
    content = decompress(archive)

    assert kinds(compress(content[: boundaries(content)[-1] + 1024])) == []


def test_compressed_streams_in_a_row_are_one_archive(archive: bytes) -> None:
    content = decompress(archive)

    assert kinds(compress(content[:700]) + compress(content[700:]) + compress(bytes(RECORD))) == []
    assert kinds(archive + archive) == ["data after end"]


def test_what_was_lost_beside_the_media_is_no_loss_of_theirs(tree: Path) -> None:
    original = read_directory(tree)
    shutil.copytree(tree, tree.parent / "data" / "media")
    (tree.parent / "data" / "note").write_bytes(b"x")
    subprocess.run(["tar", "-czf", "b.tgz", "data"], cwd=tree.parent, check=True)

    found = examine(tree.parent / "b.tgz", against=original)

    assert {change.aspect for change in found.differences} <= {"mtime"}
    assert found.media.entries.keys() == original.entries.keys()


def test_an_archive_of_the_volume_without_its_own_entry_is_not_taken_for_one_of_named_folders(tree: Path) -> None:
    subprocess.run(["tar", "-czf", "../dot.tgz", "./avatars"], cwd=tree, check=True)
    subprocess.run(["tar", "-czf", "../named.tgz", "avatars"], cwd=tree, check=True)

    dot, named = (check(tree.parent / f"{name}.tgz", against=read_directory(tree)) for name in ("dot", "named"))

    assert [(problem.kind, problem.member) for problem in dot] == [("missing", b".")]
    assert named == ()


def test_a_link_that_the_volume_holds_just_so_is_no_danger(tree: Path) -> None:
    (tree / "absolute").symlink_to("/etc/passwd")
    archive, original = back_up(tree), read_directory(tree)

    assert kinds(archive, against=original) == []
    assert kinds(archive) == ["unsafe link"], "without the volume it is unknown"


def test_a_link_that_leads_elsewhere_than_the_volumes_own_is_a_danger(tree: Path) -> None:
    link = tree / "absolute"
    link.symlink_to("/etc/passwd")
    original = read_directory(tree)
    link.unlink()
    link.symlink_to("/etc/shadow")

    assert "unsafe link" in kinds(back_up(tree), against=original)
