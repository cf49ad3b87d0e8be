"""What a reader of a guide replaces is known by how it is written, and what a shell replaces is left to the shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.guide.parsing.placeholders import blanks_in, name_deployment
from media_guarantees.guide.steps import Step

RUN = "docker run -v m:/d -v ./b:/b x tar xzf"


@pytest.mark.parametrize(
    ("script", "blanks"),
    [
        ("tar xzf /b/<the file>.tar.gz", ["<the file>"]),
        ("tar xzf /b/[NOME_DO_ARQUIVO].tar.gz", ["[NOME_DO_ARQUIVO]"]),
        ("tar xzf /b/media_{date}.tar.gz", ["{date}"]),
        ("FILE=…\ntar xzf $FILE", ["…"]),
        ("FILE=...\ntar xzf $FILE", ["..."]),
        ('tar xzf "/b/$1"', ["$1"]),
        ("tar xzf ${1}", ["${1}"]),
        ("restore() { tar xzf $1; }", []),
        ("docker run x sh -c 'tar xzf $1'", []),
        ("docker ps --format '{{.Names}}'", []),
        ("rm {a,b} {1..3} ${name} ${x:-y}", []),
        ("borg create /repo::{now} /d", []),
        ("cd ../x && ls ...", []),
    ],
)
def test_a_blank_is_known_by_how_it_is_marked(script: str, blanks: list[str]) -> None:
    assert [found.group() for found in blanks_in(script)] == blanks


@pytest.mark.parametrize(
    ("printed", "filled"),
    [
        (f"FILE=…\n{RUN} /b/$FILE", f"FILE=media_20311231.tar.gz\n{RUN} /b/$FILE"),
        (f"FILE=media_YYYYMMDD.tar.gz\n{RUN} /b/$FILE", f"FILE=media_20311231.tar.gz\n{RUN} /b/$FILE"),
        (f"FILE=<file>\n{RUN} /b/$FILE.tar.gz", f"FILE=media_20311231\n{RUN} /b/$FILE.tar.gz"),
        ('FILE=...\ncat "$FILE" | tar xz', 'FILE=backups/media_20311231.tar.gz\ncat "$FILE" | tar xz'),
        ("tar xz < backups/media_20240115.tgz", "tar xz < backups/media_20311231.tgz"),
        ("cat <the file> | tar xz", "cat backups/media_20311231.tar.gz | tar xz"),
        ("./restore_media.sh backups/media_20240115.tar.gz", "./restore_media.sh backups/media_20311231.tar.gz"),
        *(
            (f"{RUN} /b/{name} -C /d", f"{RUN} /b/media_20311231.tar.gz -C /d")
            for name in (
                "$1", "media_{date}.tar.gz", "media_$(date -d yesterday +%F).tar.gz",
                "media_`date -d -1day +%F`.tar.gz",
                "media_TIMESTAMP.tar.gz", "your-backup-file.tar.gz", "FILENAME.tar.gz", "nome-do-arquivo.tar.gz",
                "media_2024-01-15_12-00-00.tar.gz", "media_20240115_120000.tar.gz", "media_20240115T120000Z.tar.gz",
                "media_XXXXXXXX.tar.gz", "media_YYYYMMDD_HHMMSS.tar.gz", "media_yyyymmdd.tar.gz",
                "media_TT.MM.JJJJ.tar.gz",
            )
        ),
    ],
)  # fmt: skip
def test_a_restore_is_typed_with_the_name_of_the_backup(printed: str, filled: str) -> None:
    step = Step(Path("guide.md"), 1, printed, "restore")

    assert step.fill("media_20311231", ".tar.gz", "backups/") == filled


@pytest.mark.parametrize(
    ("printed", "typed"),
    [
        ("-v ./b:/b x tar xzf /b/media_202401311200.tar.gz", "-v ./b:/b x tar xzf /b/media_20311231.tar.gz"),
        ("-v ./b:/b x tar xzf /b/media_1704067200.tar.gz", "-v ./b:/b x tar xzf /b/media_20311231.tar.gz"),
        ("-v ./b/2024-01-31:/b x tar xzf /b/media.tar.gz", "-v ./b/2031-12-31:/b x tar xzf /b/media.tar.gz"),
        ("x tar xzf /b/20240131/media_20240131.tar.gz", "x tar xzf /b/2031-12-31/media_20311231.tar.gz"),
        ("x tar xzf /b/<day>/media.tar.gz", "x tar xzf /b/2031-12-31/media.tar.gz"),
        ("alpine:2024-01-31 tar xzf /b/media.tar.gz", "alpine:2024-01-31 tar xzf /b/media.tar.gz"),
    ],
)
def test_the_day_of_a_folder_is_an_example_too(printed: str, typed: str) -> None:
    step = Step(Path("guide.md"), 1, f"docker run {printed}", "restore")

    assert step.fill("media_20311231", ".tar.gz", "b/2031-12-31/") == f"docker run {typed}"


def test_the_folder_of_a_variable_is_that_of_the_backup() -> None:
    step = Step(Path("guide.md"), 1, 'FROM=./b/20240131\ndocker run -v "$(pwd)/$FROM":/b x tar xzf /b/m.tgz', "restore")

    assert step.fill("m", ".tgz", "b/20311231/").startswith("FROM=./b/20311231\n")


def test_what_an_archive_is_unpacked_to_has_its_name_without_the_ending() -> None:
    step = Step(Path("guide.md"), 1, "tar xzf m-2024-01-31.tgz\ndocker cp m-2024-01-31/. web:/m", "restore")

    assert step.fill("m-2031-12-31", ".tgz") == "tar xzf m-2031-12-31.tgz\ndocker cp m-2031-12-31/. web:/m"


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("tar xzf <file>.tar.gz && docker cp m <container>:/m", "what <container> stands for is not known"),
        ("tar xzf 1704067200_14.2_backup.tar.gz", "'_14.2_backup.tar.gz' stands after 1704067200"),
        ("tar xzf /b/<day>/media.tar.gz", "<day> stands for the folder"),
    ],
)
def test_a_name_that_can_not_be_known_is_not_guessed(printed: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Step(Path("guide.md"), 1, printed, "restore").fill("media", ".tar.gz")


def test_an_ending_that_is_printed_is_not_typed_twice() -> None:
    step = Step(Path("guide.md"), 1, "openssl enc -d < b/media_YYYYMMDD.tar.gz.enc | tar xz", "restore", kind="other")

    assert step.fill("media_20311231.tar.gz.enc", "", "b/") == "openssl enc -d < b/media_20311231.tar.gz.enc | tar xz"


def test_the_name_of_a_folder_is_an_example_too() -> None:
    step = Step(Path("guide.md"), 1, "docker compose cp ./copies/media_2025-01-31/. web:/m", "restore", kind="folder")

    assert step.fill("media_2031-12-31", "") == "docker compose cp ./copies/media_2031-12-31/. web:/m"


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("tar czf /b/<name>.tar.gz", "tar czf /b/media_backup_20311231.tar.gz"),
        ("tar czf /b/media_[DATA].tar.gz", "tar czf /b/media_20311231.tar.gz"),
    ],
)
def test_a_backup_is_typed_with_a_name_that_a_person_would_choose(printed: str, name: str) -> None:
    assert Step(Path("guide.md"), 1, printed, "backup").named("media_backup_20311231") == name


@pytest.mark.parametrize(
    ("printed", "named"),
    [
        ("-v <project>_media:/d", "-v connect_media:/d"),
        ("-v {project_name}_media:/d", "-v connect_media:/d"),
        ("-v [PROJECT]_media:/d", "-v connect_media:/d"),
        ("-v your-project_media:/d", "-v connect_media:/d"),
        ("-v <nome do projeto>_media:/d", "-v connect_media:/d"),
        ("-v <volume>:/d", "-v connect_pictures:/d"),
        ("--volume=<VOLUME_NAME>:/d", "--volume=connect_pictures:/d"),
        ("docker volume rm <volume-name>", "docker volume rm connect_pictures"),
        ("tar xzf /b/<file>.tar.gz", "tar xzf /b/<file>.tar.gz"),
        ("-v $PROJECT_media:/d -v ./b:/<folder>", "-v $PROJECT_media:/d -v ./b:/<folder>"),
    ],
)
def test_names_of_the_deployment_are_put_where_the_guide_leaves_them_open(printed: str, named: str) -> None:
    assert name_deployment(printed, {"project": "connect", "volume": "connect_pictures"}) == named
