"""A backup and a restore are the commands that a person would type one after the other, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.guide.reader import Guide, StepAmbiguous, StepMissing, read_guide
from media_guarantees.guide.sequences import HEADINGS, speaks_of

BACKUP = "docker run --rm -v media_volume:/s -v $(pwd)/backups:/b ubuntu tar czf /b/media.tar.gz -C /s ."
RESTORE = "docker run --rm -v media_volume:/d -v $(pwd)/backups:/b ubuntu tar xzf /b/media.tar.gz -C /d"
STATIC = BACKUP.replace("media", "static")
PODMAN = BACKUP.replace("docker", "podman")
SCRIPT = "./backup.sh"


def fence(*lines: str, language: str = "bash") -> str:
    return "\n".join([f"```{language}", *lines, "```", ""])


def text(*parts: str) -> str:
    return "\n".join(parts) + "\n"


def read(tmp_path: Path, *parts: str, name: str = "guide.md") -> Guide:
    (tmp_path / name).write_text(text(*parts))
    return read_guide(tmp_path / name, tmp_path).about({"media_volume", "web"})


def typed(guide: Guide, procedure: str = "backup") -> list[str]:
    return guide.step(procedure).script.split("\n")


def test_the_blocks_of_one_section_are_one_sequence(tmp_path: Path) -> None:
    guide = read(
        tmp_path, "## Backup", "Stop it:", fence("docker compose stop web"), "Then:", fence(BACKUP),
        "Look at it, and go on:", fence("ls -l backups", "docker compose start web"), "## Other", fence("docker ps"),
    )  # fmt: skip

    assert typed(guide) == ["docker compose stop web", BACKUP, "ls -l backups", "docker compose start web"]


@pytest.mark.parametrize("state", ["NAME=media", "export NAME=media", "NAME() { echo media; }", "cd /opt/connect"])
def test_what_a_block_sets_lives_on_in_the_next(tmp_path: Path, state: str) -> None:
    guide = read(tmp_path, "## Backup", fence(state), "Text.", "# a heading in no way", fence(BACKUP))
    together = read(tmp_path, "## Backup", fence(state), "Text.", fence(BACKUP))

    assert typed(guide) == [BACKUP]
    assert typed(together) == [state, BACKUP]


@pytest.mark.parametrize(
    ("state", "used"),
    [("STORE=backups", "$STORE"), ("export STORE=backups", "${STORE}"), ("STORE() { echo backups; }", "$(STORE)")],
)
def test_a_variable_of_an_earlier_section_is_set_where_it_is_used(tmp_path: Path, state: str, used: str) -> None:
    backup = BACKUP.replace("backups", used)

    guide = read(tmp_path, "## Prepare", fence(state, "UNUSED=1"), "## Backup", fence(backup))

    assert guide.step("backup").script.split("\n")[-1] == backup
    assert (state in typed(guide), "UNUSED=1" in typed(guide)) == (used != "$(STORE)", False)


def test_the_later_of_two_values_is_the_one_that_counts(tmp_path: Path) -> None:
    backup = BACKUP.replace("backups", "$STORE")

    guide = read(tmp_path, "## A", fence("STORE=old"), "## B", fence("STORE=new"), "## Backup", fence(backup))

    assert typed(guide) == ["STORE=new", backup]


def test_numbered_parts_of_a_section_are_one_sequence(tmp_path: Path) -> None:
    guide = read(
        tmp_path, "# Media", "## Backup", "### 1. Stop", fence("docker compose stop web"),
        "### 2. Archive", fence(BACKUP),
        "### 3. Start", fence("docker compose start web"), "## Restore", fence(RESTORE),
    )  # fmt: skip

    assert typed(guide) == ["docker compose stop web", BACKUP, "docker compose start web"]


def test_two_procedures_in_one_section_have_each_their_own_commands(tmp_path: Path) -> None:
    guide = read(
        tmp_path, "## Backup and restore", fence("mkdir -p backups"), fence(BACKUP), fence("ls backups"),
        fence("docker compose down"), fence(RESTORE), fence("docker compose up -d"),
    )  # fmt: skip

    assert typed(guide) == ["mkdir -p backups", BACKUP, "ls backups"]
    assert typed(guide, "restore") == ["docker compose down", RESTORE, "docker compose up -d"]


def test_two_procedures_in_one_block_have_each_their_own_commands(tmp_path: Path) -> None:
    lines = (
        "mkdir -p backups",
        BACKUP,
        "ls backups",
        "# later",
        "docker compose down",
        RESTORE,
        "docker compose up -d",
    )

    guide = read(tmp_path, "## Backup and restore", fence(*lines))

    assert typed(guide) == ["mkdir -p backups", BACKUP, "ls backups"]
    assert typed(guide, "restore") == ["docker compose down", RESTORE, "docker compose up -d"]


@pytest.mark.parametrize(
    "other",
    [
        "docker compose exec db pg_dump -U app app > app.sql",
        "docker compose down -v",
        "./migrate_media.sh",
        STATIC,
    ],
)
def test_what_is_for_something_else_is_not_typed(tmp_path: Path, other: str) -> None:
    assert typed(read(tmp_path, "## Backup", fence(other), fence(BACKUP, other))) == [BACKUP]


def test_a_block_under_a_heading_of_something_else_is_no_part_of_it(tmp_path: Path) -> None:
    guide = read(tmp_path, "## Useful commands", fence("docker compose pull"), fence(BACKUP), fence("docker ps"))

    assert typed(guide) == [BACKUP]


def test_owners_that_are_set_after_a_restore_are_set_in_it(tmp_path: Path) -> None:
    owners = "docker compose exec web chown -R app /usr/src/platform/media"

    guide = read(tmp_path, "## Restore", fence(RESTORE), "Give them to the service:", fence(owners))

    assert typed(guide, "restore") == [RESTORE, owners]
    assert guide.step("permissions").script == owners


@pytest.mark.parametrize(
    "between", ["Or by hand:", "Alternatively:", "Ou à mão:", "Oder von Hand:", "If you prefer, do it by hand:"]
)
def test_of_alternatives_the_first_is_taken(tmp_path: Path, between: str) -> None:
    (tmp_path / "backup.sh").write_text(f"#!/bin/sh\n{BACKUP}\n")

    guide = read(
        tmp_path, "## Backup", "By script:", fence(SCRIPT), between, fence("docker compose stop web"), fence(BACKUP)
    )

    assert typed(guide) == [SCRIPT]
    assert [step.line for step in guide.steps if step.is_instead] == [13]


def test_alternatives_in_one_block_are_told_apart_by_their_comments(tmp_path: Path) -> None:
    guide = read(tmp_path, "## Backup", fence("# by volume", BACKUP, "# or with pigz", BACKUP.replace("czf", "cIf")))

    assert typed(guide) == [BACKUP]


def test_without_a_word_that_says_so_two_are_ambiguous(tmp_path: Path) -> None:
    guide = read(tmp_path, "## Backup", fence(BACKUP), "Text.", fence(BACKUP.replace("czf", "cf")))

    with pytest.raises(StepAmbiguous, match=r"(?s)line 3: .*line 8: "):
        guide.step("backup")


def test_old_and_new_syntax_of_compose_are_one_command(tmp_path: Path) -> None:
    guide = read(tmp_path, "## Restart", fence("docker-compose restart web"), fence("docker compose restart web"))

    assert typed(guide, "restart") == ["docker-compose restart web"]


WINDOWS = {
    "language": fence(BACKUP, language="powershell"),
    "folder": fence(BACKUP.replace("$(pwd)", "%cd%"), language=""),
    "variable": fence(BACKUP.replace("$(pwd)", "$env:HOME"), language=""),
    "tab": '=== "Windows"\n\n    ```\n    ' + BACKUP.replace("$(pwd)", "${PWD}") + "\n    ```\n",
    "prose": f"On Windows (PowerShell):\n\n{fence(BACKUP.replace('czf', 'cf'))}",
    "heading": f"### Windows\n\n{fence(BACKUP.replace('czf', 'cf'))}",
}


@pytest.mark.parametrize("windows", WINDOWS.values(), ids=WINDOWS.keys())
def test_what_is_for_windows_is_named_and_not_taken(tmp_path: Path, windows: str) -> None:
    guide = read(tmp_path, "## Backup", windows, "### Linux", fence(BACKUP))

    assert typed(guide) == [BACKUP]
    assert [(aside.machine, aside.procedure) for aside in guide.asides] == [("Windows", "backup")]


@pytest.mark.parametrize("podman", [fence(PODMAN), fence(f"sudo {PODMAN}"), f"With Podman:\n\n{fence(PODMAN)}"])
def test_what_is_for_another_engine_is_named_and_not_taken(tmp_path: Path, podman: str) -> None:
    guide = read(tmp_path, "## Backup", fence(BACKUP), podman)

    assert typed(guide) == [BACKUP]
    assert [(aside.machine, aside.procedure) for aside in guide.asides] == [("Podman", "backup")]


def test_a_guide_for_another_machine_alone_says_which(tmp_path: Path) -> None:
    with pytest.raises(StepMissing, match=r"Line 4 is for Podman, which is not what runs here\."):
        read(tmp_path, "## Backup", "", fence(PODMAN)).step("backup")


PROPOSALS = {
    "a service": "docker compose run --rm saver",
    "a script": "./bin/copy-media now",
    "a program": "rdiff-backup /srv/media backups",
    "a container": "docker run --rm -v media_volume:/s -v $(pwd)/b:/b alpine zip -r /b/media.zip /s",
}


@pytest.mark.parametrize("command", PROPOSALS.values(), ids=PROPOSALS.keys())
def test_where_parsing_does_not_know_the_heading_proposes(tmp_path: Path, command: str) -> None:
    guide = read(tmp_path, "## Backup", fence("mkdir -p b", command, "ls b"), "## Restore", fence(RESTORE))

    assert typed(guide) == ["mkdir -p b", command, "ls b"]
    assert guide.step("backup").kind == "effect"


@pytest.mark.parametrize(
    "command", ["mkdir -p backups", "crontab -e", "docker compose up -d", "docker compose pull", "X=1"]
)
def test_what_copies_nothing_is_not_proposed(tmp_path: Path, command: str) -> None:
    with pytest.raises(StepMissing):
        read(tmp_path, "## Backup", fence(command)).step("backup")


@pytest.mark.parametrize("heading", ["## Restart", "## Backup and restore", "## Security"])
def test_a_heading_that_speaks_of_something_else_proposes_nothing(tmp_path: Path, heading: str) -> None:
    with pytest.raises(StepMissing):
        read(tmp_path, heading, fence("./bin/copy-media now")).step("backup")


def test_a_recognised_backup_of_other_media_is_the_fault_and_not_a_proposal_for_them(tmp_path: Path) -> None:
    guide = read(tmp_path, "## Backup", fence(STATIC))

    assert (typed(guide), guide.step("backup").touches(guide.media)) == ([STATIC], False)


@pytest.mark.parametrize(
    ("headings", "procedure"),
    [
        (("Media", "Backup"), "backup"),
        (("Backup", "Datenbank"), "backup"),
        (("Backup and restore", "Restore"), "restore"),
        (("Sauvegarde",), "backup"),
        (("Datensicherung",), "backup"),
        (("Cópia de segurança",), "backup"),
        (("Copias de respaldo",), "backup"),
        (("Wiederherstellung",), "restore"),
        (("Récupération",), "restore"),
        (("Restauração",), "restore"),
        (("Sicherheit",), ""),
        (("Installation",), ""),
    ],
)
def test_headings_of_five_languages_speak_of_a_procedure(headings: tuple[str, ...], procedure: str) -> None:
    assert [name for name in ("backup", "restore") if speaks_of(name, headings)] == [procedure] * bool(procedure)
    assert procedure in {"", *HEADINGS}
