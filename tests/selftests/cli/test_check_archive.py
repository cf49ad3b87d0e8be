"""`check-archive` answers whether a backup can be relied on, in words and by its exit status."""

import os
import random
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from fake_programs import Programs, run_here

from media_guarantees.archive.damaged_copy import DAMAGES, compress, decompress, hostile, with_end_marker
from media_guarantees.archive.examine import read_archive
from media_guarantees.cli import check_archive
from media_guarantees.media.manifest import Manifest
from media_guarantees.system import commands

ROOT = Path(__file__).parents[3]
NAME = "media_backup_20260131.tar.gz"
Capture = pytest.CaptureFixture[str]


@pytest.fixture(name="tree")
def _tree(tree: Path) -> Path:
    (tree / "avatars").mkdir()
    (tree / "avatars" / "ação.jpg").write_bytes(b"a" * 700)
    (tree / "loose.jpg").write_bytes(b"b" * 300)
    return tree


@pytest.fixture(name="archive")
def _archive(tmp_path: Path, tree: Path) -> Path:
    archive = tmp_path / NAME
    subprocess.run(["tar", "-czf", archive, "-C", tree, "."], check=True)
    return archive


@pytest.fixture(name="programs")
def _programs(programs: Programs, tree: Path) -> Programs:
    """An engine that has one volume, `media_volume`."""
    programs.add(
        "docker",
        f"""case "$*" in
            "volume inspect media_volume") exit 0;;
            "volume inspect"*) echo "Error: No such volume" >&2; exit 1;;
        esac
        {run_here(tree)}""",
    )
    return programs


def check(*arguments: object) -> int:
    return check_archive.main([str(argument) for argument in arguments])


def test_a_sound_archive_passes_and_its_content_is_summarized(archive: Path, capsys: Capture) -> None:
    assert check(archive) == 0

    said = capsys.readouterr().out.splitlines()
    assert said[0].endswith(f"{NAME}': tar archive, gzip, 2 files, 1.0 kB")
    assert said[1].startswith("  './': 1 files, 300 bytes, the newest of 20")
    assert said[2].startswith("  'avatars/': 1 files, 700 bytes")
    assert said[-1] == "PASSED: whole and safe to restore."


def test_an_archive_that_is_the_same_as_the_volume_passes(archive: Path, programs: Programs, capsys: Capture) -> None:
    assert check(archive, "--against", "media_volume") == 0

    said = capsys.readouterr().out
    assert "compared with media_volume: 2 files, 1.0 kB: 0 missing, 0 changed" in said
    assert said.endswith("PASSED: whole and safe to restore, and the same as media_volume.\n")
    _, run = programs.calls("docker")
    assert "--volume=media_volume:/volume:ro" in run, "nothing may be written to what is only looked at"
    assert "--label=media-verify=run" in run


@pytest.mark.usefixtures("programs")
def test_a_volume_may_take_as_long_as_it_takes(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = {**(commands.run.__kwdefaults__ or {}), "timeout": 0.0001}  # any program is slower than that
    monkeypatch.setattr(commands.run, "__kwdefaults__", defaults)

    assert check(archive, "--against", "media_volume") == 0


@pytest.mark.usefixtures("programs")
def test_what_differs_from_the_volume_is_named(archive: Path, tree: Path, capsys: Capture) -> None:
    (tree / "avatars" / "new.jpg").write_bytes(b"new")
    (tree / "loose.jpg").write_bytes(b"c" * 300)

    assert check(archive, "--against", "media_volume") == 1

    said = capsys.readouterr().out
    assert "missing  'avatars/new.jpg': file, 3 bytes" in said
    assert "content  'loose.jpg'" in said
    assert said.endswith("DIFFERENT: whole and safe to restore, but not the same as media_volume.\n")


def test_a_volume_that_is_not_there_is_not_made_by_asking(archive: Path, programs: Programs, capsys: Capture) -> None:
    assert check(archive, "--against", "media_volume_") == 2

    assert "gives no volume media_volume_: Error: No such volume" in capsys.readouterr().err
    assert programs.calls("docker") == ["volume inspect media_volume_"]


def test_a_manifest_that_was_saved_is_compared_with(archive: Path, tmp_path: Path, capsys: Capture) -> None:
    saved = tmp_path / "manifest.json"

    assert check(archive, "--save", saved) == 0
    assert Manifest.from_json(saved.read_text()) == read_archive(archive)
    assert check(archive, "--against", saved) == 0
    content = decompress(archive.read_bytes())
    archive.write_bytes(compress(content.replace(b"b" * 300, b"c" * 300)))
    capsys.readouterr()
    assert check(archive, "--against", saved) == 1
    assert "content  'loose.jpg'" in capsys.readouterr().out


def test_a_damaged_archive_leaves_no_manifest(archive: Path, tmp_path: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-1])

    assert check(archive, "--save", tmp_path / "manifest.json") == 1
    assert not list(tmp_path.glob("*.json"))


def test_a_damaged_archive_is_refused_with_the_reason(archive: Path, capsys: Capture) -> None:
    archive.write_bytes(archive.read_bytes()[:-1])

    assert check(archive) == 1

    said = capsys.readouterr().out
    assert "before the damage" in said
    assert "  truncated: the file ends before its compressed content does" in said
    assert "REFUSED: don't restore it." in said


def test_an_unsafe_archive_is_refused_with_every_reason(archive: Path, capsys: Capture) -> None:
    archive.write_bytes(hostile())

    assert check(archive) == 1

    said = capsys.readouterr().out
    assert "an absolute name would be restored elsewhere" in said
    assert "REFUSED: don't restore it." in said


def test_an_archive_of_an_empty_volume_is_refused_unless_it_may_be_empty(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "empty").mkdir()
    subprocess.run(["tar", "-czf", tmp_path / NAME, "-C", tmp_path / "empty", "."], check=True)

    assert check(tmp_path / NAME) == 1
    assert "empty: it holds only ./" in capsys.readouterr().out
    assert check(tmp_path / NAME, "--may-be-empty") == 0


@pytest.mark.parametrize(
    "name", ["media_backup_20260230.tar.gz", "media_backup_20260131.tar.gz.part", "media_backup_.tgz"]
)
def test_a_name_that_only_looks_like_the_guides_is_refused_unless_any_will_do(
    archive: Path, capsys: Capture, name: str
) -> None:
    other = archive.rename(archive.with_name(name))

    assert check(other) == 1
    assert "isn't media_backup_YYYYMMDD.tar.gz, with a day that exists" in capsys.readouterr().out
    assert check(other, "--any-name") == 0


@pytest.mark.parametrize(
    "name",
    ["backup.tar.gz", "media-2026-01-31_120000.tgz", "media_backup_20260131.tar", "media_backup_20260131.tar.zst"],
)
def test_an_archive_that_other_people_name_is_accepted(archive: Path, name: str) -> None:
    assert check(archive.rename(archive.with_name(name))) == 0


@pytest.mark.parametrize("compression", ["", "bzip2", "xz", "zstd"])
def test_an_archive_of_any_compression_is_accepted(archive: Path, compression: str, capsys: Capture) -> None:
    archive.write_bytes(compress(decompress(archive.read_bytes()), compression))

    assert check(archive) == 0
    assert f"tar archive, {compression or 'not compressed'}, 2 files, 1.0 kB" in capsys.readouterr().out


def test_of_an_archive_without_checksums_it_is_said_that_only_a_comparison_shows_changes(
    archive: Path, capsys: Capture
) -> None:
    archive.write_bytes(decompress(archive.read_bytes()))

    assert check(archive) == 0
    assert "  note: no checksum protects its content: only a comparison shows" in capsys.readouterr().out


@pytest.mark.usefixtures("programs")
def test_an_archive_with_a_prefix_is_compared_without_it(archive: Path, tree: Path, capsys: Capture) -> None:
    subprocess.run(["tar", "-czf", archive, "-C", tree.parent, tree.name], check=True)

    assert check(archive, "--against", "media_volume") == 0

    said = capsys.readouterr().out
    assert "  note: the media are below 'tree' in it" in said
    assert "  'avatars/': 1 files, 700 bytes" in said


@pytest.mark.usefixtures("programs")
def test_a_folder_is_compared_with_the_volume(tree: Path, tmp_path: Path, capsys: Capture) -> None:
    copy = tmp_path / "backups" / "media"
    shutil.copytree(tree, copy)

    assert check(copy, "--against", "media_volume") == 0
    assert "folder, 2 files, 1.0 kB" in capsys.readouterr().out
    (copy / "loose.jpg").unlink()
    assert check(copy, "--against", "media_volume") == 1
    assert "missing  'loose.jpg'" in capsys.readouterr().out


def test_nothing_but_a_comparison_says_whether_a_folder_is_whole(tree: Path, capsys: Capture) -> None:
    assert check(tree) == 2

    said = capsys.readouterr().err
    assert "tree' is a directory, and nothing in it shows whether it is whole\n  hint: compare it with" in said


@pytest.mark.usefixtures("programs")
def test_a_repository_is_not_judged(tmp_path: Path, capsys: Capture) -> None:
    for name in ("config", "data", "index", "keys", "snapshots"):
        (tmp_path / "repository" / name).mkdir(parents=True)

    assert check(tmp_path / "repository", "--against", "media_volume") == 2
    assert "can't be judged: it is a repository of restic\n  hint: restic check" in capsys.readouterr().err


def test_an_encrypted_archive_is_not_judged(archive: Path, capsys: Capture) -> None:
    archive.write_bytes(b"age-encryption.org/v1\n" + archive.read_bytes())

    assert check(archive) == 2
    said = capsys.readouterr()
    assert "can't be judged: it is encrypted with age\n  hint: decrypt it" in said.err
    assert said.out == "", "nothing is said that could be taken for a verdict"


def test_zstd_without_a_module_for_it_is_not_judged_and_it_is_said_what_to_install(archive: Path) -> None:
    archive.write_bytes(compress(decompress(archive.read_bytes()), "zstd"))
    finished = run_bare(archive)

    if finished.returncode == 0:  # from Python 3.14 on, it is in the standard library
        assert finished.stdout.endswith("PASSED: whole and safe to restore.\n")
    else:
        assert finished.returncode == 2
        assert "it is compressed with zstd, which this Python can't read" in finished.stderr
        assert "  hint: pip install backports.zstd, or decompress it and check the .tar" in finished.stderr


def test_a_thousand_problems_are_not_all_shown(tmp_path: Path, capsys: Capture) -> None:
    header = tarfile.TarInfo("../x").tobuf(tarfile.GNU_FORMAT)
    (tmp_path / NAME).write_bytes(compress(with_end_marker(header * 5000)))

    assert check(tmp_path / NAME) == 1

    said = capsys.readouterr().out.splitlines()
    assert len(said) < 40
    assert any("more problems" in line for line in said)


def prepared(tmp_path: Path, what: str) -> Path:
    """Put something that is no archive in its place."""
    path = tmp_path / NAME
    if what == "pipe":
        os.mkfifo(path)
    elif what == "device":
        path.symlink_to("/dev/zero")
    return path


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("nothing", "isn't there"),
        ("pipe", "is no regular file"),
        ("device", "is no regular file"),
    ],
)
def test_what_is_no_file_is_no_archive(tmp_path: Path, what: str, words: str, capsys: Capture) -> None:
    assert check(prepared(tmp_path, what)) == 2

    assert f"{NAME}' {words}\n  hint: name an archive" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("against", "words"),
    [
        ("absent.json", "there is no manifest absent.json"),
        ("bad.json", "can't be read: Expecting"),
        ("list.json", "can't be read: not a manifest"),
        ("empty.json", "holds no file to compare with"),
        ("no/volume", "'no/volume' is no volume's name"),
    ],
)
def test_what_can_not_be_compared_with_is_refused_in_words(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, against: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text("{")
    Path("list.json").write_text("[[[[]]]]")
    Path("empty.json").write_text(Manifest({}).to_json())

    assert check(archive, "--against", against) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--against"], ["--no-such-option", "a"]])
def test_a_wrong_call_gets_the_usage(arguments: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended_with:
        check(*arguments)

    assert ended_with.value.code == 2
    assert "usage: media-guarantees check-archive" in capsys.readouterr().err


@pytest.mark.parametrize("kind", DAMAGES)
def test_it_is_a_program_that_needs_nothing_but_python(archive: Path, kind: str) -> None:
    _, damaged = DAMAGES[kind](archive.read_bytes(), random.Random(kind))  # noqa: S311 - to be repeated
    archive.write_bytes(damaged)

    finished = run_bare(archive)

    assert "Traceback" not in finished.stderr, finished.stderr
    assert finished.stdout.splitlines()[-1].startswith("PASSED" if finished.returncode == 0 else "REFUSED")


def run_bare(archive: Path) -> subprocess.CompletedProcess[str]:
    """Run the program on a Python that has only its standard library."""
    return subprocess.run(
        [sys.executable, "-S", "-m", "media_guarantees", "check-archive", archive],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    )
