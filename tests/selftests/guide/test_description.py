"""The corpus of guides: the reader finds in each what a person would."""

from __future__ import annotations

import json
from typing import Any

import pytest

from media_guarantees.core.paths import ROOT
from media_guarantees.guide.description import guide_report
from media_guarantees.guide.reader import Guide, GuideError, read_guide
from media_guarantees.guide.steps import Step

CORPUS = ROOT / "tests/examples/guides"
MEDIA = {"media_volume", "web-project"}


# For each guide, as a person reads it: the line of the backup and of the restore, what kind of thing they make or read
# and where, and how many lines are typed; and the restart.
EXPECTED: dict[str, dict[str, Any]] = json.loads((CORPUS.parent / "guides.json").read_text(encoding="utf-8"))


def step_of(guide: Guide, procedure: str) -> Step | None:
    try:
        return guide.step(procedure)
    except GuideError:
        return None


def read(guide: Guide) -> dict[str, Any]:
    """What is read of the backup, the restore and the restart, where there are any."""
    copies = {procedure: step for procedure in ("backup", "restore") if (step := step_of(guide, procedure))}
    found: dict[str, Any] = {
        procedure: {
            "line": step.line,
            "kind": step.kind,
            "place": step.archive or "",
            "typed": len(step.script.splitlines()),
        }
        for procedure, step in copies.items()
    }
    restart = step_of(guide, "restart")
    return {**found, **({"restart": restart.script} if restart else {})}


def test_every_guide_of_the_corpus_has_an_expectation() -> None:
    assert sorted(path.name for path in CORPUS.iterdir() if path.is_file()) == sorted(EXPECTED)
    assert len(EXPECTED) >= 40


@pytest.mark.parametrize("name", EXPECTED)
def test_a_guide_is_read_as_a_person_would(name: str) -> None:
    expected = {procedure: step for procedure, step in EXPECTED[name].items() if procedure != "verdicts"}

    assert read(read_guide(CORPUS / name, CORPUS).about(MEDIA)) == expected


def description(name: str) -> str:
    return "\n".join(guide_report(read_guide(CORPUS / name, CORPUS).about(MEDIA)))


def test_a_backup_of_another_volume_is_a_fault_and_not_ambiguous() -> None:
    assert "fault: the media are in media_volume, web-project" in description("another-volume-only.md")


def test_of_several_backups_the_one_of_the_media_is_taken() -> None:
    said = description("media-static-database.md")

    assert "backup: line 7" in said
    assert "backup: line 6 is another one, and not taken" in said
    assert "fault:" not in said


@pytest.mark.parametrize(
    ("name", "waiting"),
    [("interactive.md", "docker compose exec web-project bash"), ("foreground.md", "docker compose up --build")],
)
def test_what_waits_for_a_person_is_named(name: str, waiting: str) -> None:
    assert f"not typed: it waits for a person: {waiting}" in description(name)


@pytest.mark.parametrize(("name", "command"), [("snapshot.md", "zfs snapshot"), ("snapshot-and-tar.md", "lvcreate")])
def test_a_snapshot_of_the_servers_storage_is_named_and_not_typed(name: str, command: str) -> None:
    assert f"not typed: it takes a snapshot on the server's own storage: {command}" in description(name)


def test_a_command_for_another_service_is_not_for_the_media() -> None:
    said = description("other-services.md")

    assert "inspect: line 9" in said
    assert "no permissions command for media_volume, web-project, only for others" in said
    assert "no restart command for media_volume, web-project, only for others" in said


def test_a_folder_and_a_repository_are_recognised() -> None:
    assert "makes: a folder ./copy" in description("compose-cp.md")
    assert "makes: a copy that only the program that made it reads" in description("restic.md")
    assert "typed on a private engine alone: only its effect shows what it does" in description("restic.md")
