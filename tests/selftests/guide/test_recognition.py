"""A line of a guide is known by what it does, itself or by the script that it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.guide.command_line import Line
from media_guarantees.guide.formats.document import Block
from media_guarantees.guide.parsing.spelled_out import spelled_out
from media_guarantees.guide.recognition import read_lines

BACKUP = "docker run -v {0}:/s -v ./b:/b ubuntu tar czf /b/{0}.tar.gz -C /s ."
RESTORE = "docker run -v media:/d -v ./b:/b ubuntu tar xzf /b/$1 -C /d"


def lines(text: str, folder: Path | None = None) -> list[Line]:
    return read_lines(Block(Path("guide.md"), 5, text, lead="The prose."), folder)


def test_a_line_knows_its_number_and_what_is_said_above_it() -> None:
    first, second = lines("\n# First.\nls\n\n# Second,\n# in two lines.\ndocker ps\n")

    assert [(first.number, first.lead), (second.number, second.lead)] == [
        (7, "The prose. First."),
        (11, "Second, in two lines."),
    ]


def test_a_line_of_a_crontab_is_what_it_runs() -> None:
    (line,) = lines("5 3 * * 1-5  cd /srv && docker compose restart web-$(date +\\%F)\n")

    assert line.text == "cd /srv && docker compose restart web-$(date +%F)"


@pytest.mark.parametrize(
    "call", ["./restore_media.sh backups/x.tar.gz", "bash restore_media.sh x", "sudo ./restore_media.sh"]
)
def test_a_script_that_makes_a_backup_before_it_restores_is_known_by_its_name(tmp_path: Path, call: str) -> None:
    (tmp_path / "restore_media.sh").write_text(f"#!/bin/sh\n{BACKUP.format('media')}\n{RESTORE}\n")

    (line,) = lines(call, tmp_path)

    assert (line.procedure, line.body) == ("restore", RESTORE)


def test_all_that_a_script_backs_up_is_told(tmp_path: Path) -> None:
    (tmp_path / "backup.sh").write_text("\n".join(BACKUP.format(name) for name in ("static", "media")))

    (line,) = lines("./backup.sh", tmp_path)

    assert line.body.split("\n") == [BACKUP.format(name) for name in ("static", "media")]


@pytest.mark.parametrize(
    ("script", "spelled"),
    [
        ("A=x\nls $A ${A} ${A:-y} $AB", "A=x\nls x x x $AB"),
        ("ls ${NAME:-media}_volume ${NAME:?}", "ls media_volume ${NAME:?}"),
        ('A="$(date +%F)"\nls $A', 'A="$(date +%F)"\nls $(date +%F)'),
        ("A=$(docker ps -q)\nls $A", "A=$(docker ps -q)\nls $A"),
    ],
)
def test_plain_values_and_plain_defaults_are_put_in_place_of_names(script: str, spelled: str) -> None:
    assert spelled_out(script) == spelled


@pytest.mark.parametrize(
    ("call", "engine"), [("podman ps", "Podman"), ("sudo nerdctl ps", "nerdctl"), ("docker ps", "")]
)
def test_what_is_for_another_engine_says_for_which(call: str, engine: str) -> None:
    assert lines(call)[0].engine == engine
