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


ZFS = "zfs snapshot tank/docker@$(date +%F)"
OFFSITE = "rclone copy ./backups offsite:backups"


@pytest.mark.parametrize("other", [ZFS, OFFSITE, "docker compose exec web bash"])
def test_a_backup_of_another_volume_is_not_hidden_by_one_that_can_not_be_judged_here(
    tmp_path: Path, other: str
) -> None:
    guide = read(tmp_path, "## Backup", fence(STATIC.replace("static", "pictures")), "## Off-site backup", fence(other))

    assert (guide.step("backup").line, guide.step("backup").touches(guide.media)) == (3, False)


def test_a_backup_of_the_databases_volume_is_not_taken_for_one_of_the_media(tmp_path: Path) -> None:
    database = STATIC.replace("static", "postgres_data")
    guide = read(tmp_path, "## Backup", "### Database", fence(database), "### Media", fence("./saver ./media"))

    assert typed(guide) == ["./saver ./media"]


@pytest.mark.parametrize("snapshot", [ZFS, "btrfs subvolume snapshot -r /data /snapshots/data"])
def test_of_two_ways_the_one_that_runs_here_is_taken(tmp_path: Path, snapshot: str) -> None:
    guide = read(tmp_path, "## Backup", fence(snapshot), "## Backup without snapshots", fence("docker cp web:/m ./m"))

    assert typed(guide) == ["docker cp web:/m ./m"]


def test_a_snapshot_and_what_is_copied_off_it_are_one_backup(tmp_path: Path) -> None:
    lines = [
        "lvcreate --snapshot --name s /dev/vg/docker",
        "tar czf media.tgz /mnt/s/volumes/media_volume",
        "lvremove s",
    ]

    assert typed(read(tmp_path, "## Backup", fence(*lines))) == lines


MAKE = "docker compose exec -T web platform export --file /tmp/export"
CARRY = "docker compose cp web:/tmp/export.tar.gz ."


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ([MAKE, CARRY], "other"),
        (["docker compose exec -T web tar czf /tmp/export.tar.gz -C /m .", CARRY], "archive"),
        ([CARRY], "archive"),
        (["docker compose exec -T web platform dump", "docker compose cp web:/tmp/dump.zip ."], "other"),
        (["docker compose exec -T mail platform dump", "docker compose cp web:/media ./copy"], "folder"),
        (["docker cp web:/media ./m", "tar czf m.tgz m", "rm -r m"], "archive"),
        (["docker cp web:/media ./m", "zip -r m.zip m", "rm -r m"], "other"),
        (["docker cp web:/media ./m", "tar czf settings.tgz .env"], "folder"),
    ],
)
def test_what_makes_a_copy_in_a_container_decides_its_kind(tmp_path: Path, lines: list[str], kind: str) -> None:
    step = read(tmp_path, "## Backup", fence(*lines)).step("backup")

    assert (step.script.split("\n"), step.kind) == (lines, kind)


def test_what_is_carried_into_a_container_and_read_there_is_one_restore(tmp_path: Path) -> None:
    lines = ["docker compose cp export.tar.gz web:/tmp/", "docker compose exec web platform restore /tmp/export.tar.gz"]

    step = read(tmp_path, "## Restore", fence(*lines)).step("restore")

    assert (step.script.split("\n"), step.kind) == (lines, "other")


@pytest.mark.parametrize(
    "command",
    ["docker compose exec postgres backup", "docker compose run --rm app-db backup", "docker cp db:/backup ."],
)
def test_what_is_done_in_a_databases_container_is_for_other_data(tmp_path: Path, command: str) -> None:
    guide = read(tmp_path, "## Backup", fence(command), "## Backup of uploads", fence(BACKUP))

    assert typed(guide) == [BACKUP]


@pytest.mark.parametrize("name", ["app.db", "app.sqlite3", "dump.sql.gz", "config.yml", ".env"])
def test_a_database_or_settings_that_are_carried_out_are_no_media(tmp_path: Path, name: str) -> None:
    with pytest.raises(StepMissing):
        read(tmp_path, "## Copy", fence(f"docker compose cp web:/data/{name} .")).step("backup")


def test_copies_that_only_their_programs_read_are_made_one_after_the_other(tmp_path: Path) -> None:
    lines = ["docker compose exec web platform backup", "restic backup ./originals"]

    assert typed(read(tmp_path, "## Backup", fence(lines[0]), "And:", fence(lines[1]))) == lines


def test_another_way_that_only_a_heading_makes_a_copy_is_not_typed_as_well(tmp_path: Path) -> None:
    guide = read(tmp_path, "## Backup", fence("zip -r m.zip m"), "or, with 7-Zip:", fence("7z a m.7z m"))

    assert typed(guide) == ["zip -r m.zip m"]


def test_under_a_heading_of_backups_what_follows_the_restore_belongs_to_it(tmp_path: Path) -> None:
    guide = read(
        tmp_path, "## Backup", fence(BACKUP), "Back again:", fence(RESTORE), "Start:", fence("docker start web")
    )

    assert (typed(guide), typed(guide, "restore")) == ([BACKUP], [RESTORE, "docker start web"])


@pytest.mark.parametrize(
    "compose", ["COMPOSE='docker compose -f prod.yml'", 'export COMPOSE="docker compose --project-directory ."']
)
def test_a_command_in_a_variable_is_known(tmp_path: Path, compose: str) -> None:
    guide = read(tmp_path, "## Settings", fence(compose), "## Backup", fence("$COMPOSE exec -T web tar cz /m > m.tgz"))

    assert typed(guide) == [compose, "$COMPOSE exec -T web tar cz /m > m.tgz"]


DUMP = "docker compose exec -T db pg_dump app > db.sql"


@pytest.mark.parametrize(
    "line", [f"{DUMP} && {BACKUP}", f"if true; then\n{DUMP}\n{BACKUP}\nfi", f"save() {{\n{DUMP}\n{BACKUP}\n}}\nsave"]
)
def test_a_dump_in_the_same_line_hides_no_backup(tmp_path: Path, line: str) -> None:
    step = read(tmp_path, "## Backup", fence(line)).step("backup")

    assert (step.script, step.touches({"media_volume"})) == (line, True)


def test_functions_that_use_functions_are_known(tmp_path: Path) -> None:
    script = f"save() {{\n{BACKUP}\n}}\nmain() {{\nsave\n}}\nmain"

    assert typed(read(tmp_path, "## Backup", fence(script))) == script.split("\n")


@pytest.mark.parametrize(("names", "touches"), [("media_volume other", True), ("other static", False)])
def test_a_loop_touches_what_it_goes_through(tmp_path: Path, names: str, *, touches: bool) -> None:
    loop = f"for v in {names}; do docker run --rm -v $v:/v -v $(pwd):/b alpine tar czf /b/$v.tgz /v; done"

    assert read(tmp_path, "## Backup", fence(loop)).step("backup").touches({"media_volume"}) is touches


@pytest.mark.parametrize(
    "run", ["--entrypoint tar alpine xzf /b/m.tgz -C /v", "--entrypoint=tar -u 0 alpine -C /v -xzf /b/m.tgz"]
)
def test_a_tar_that_is_the_entrypoint_is_known(tmp_path: Path, run: str) -> None:
    step = read(tmp_path, fence(f"docker run --rm -v media_volume:/v -v .:/b {run}")).step("restore")

    assert step.archive == "/b/m.tgz"


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("rclone sync /var/lib/docker/volumes/media_volume/_data offsite:pictures", "other"),
        ("rsync -a /var/lib/docker/volumes/media_volume/_data/ backup@nas:/pictures/", "other"),
        ("rsync -a /var/lib/docker/volumes/media_volume/_data/ /mnt/pictures/", "folder"),
        ("duplicity full /var/lib/docker/volumes/media_volume/_data file:///b", "other"),
        ("docker run --rm -i -v $VOLUME:/v alpine tar -C /v -cf - . > m.tar", "archive"),
    ],
)
def test_where_a_copy_goes_decides_its_kind(tmp_path: Path, command: str, kind: str) -> None:
    assert read(tmp_path, fence(command)).step("backup").kind == kind


@pytest.mark.parametrize(("mounted", "found"), [("$VOLUME", True), ("$PWD", False), ("${BACKUP_DIR}", False)])
def test_what_is_extracted_into_a_folder_of_the_host_is_no_restore(
    tmp_path: Path, mounted: str, *, found: bool
) -> None:
    guide = read(tmp_path, fence(f"docker run --rm -i -v {mounted}:/v alpine tar -C /v -xf - < m.tar"))

    assert bool(guide.steps) is found


def test_the_id_of_a_container_in_an_example_is_no_name_of_another(tmp_path: Path) -> None:
    step = read(tmp_path, "## Backup", fence("docker cp 2a83b293548e:/media ./m")).step("backup")

    assert step.touches({"web"}) is None


OTHER_VOLUME = BACKUP.replace("media_volume", "pictures")


@pytest.mark.parametrize(
    "carry",
    [
        "rsync -a ./backups/ backup@nas:/backups/",
        "scp backups/media.tar.gz nas:",
        "restic -r sftp:nas:/repository backup ./backups",
        "aws s3 cp backups/media.tar.gz s3://bucket/",
        "rclone copy ./backups offsite:backups",
        "ssh nas mkdir -p /backups",
    ],
)
@pytest.mark.parametrize("backup", [BACKUP, OTHER_VOLUME])
def test_what_carries_the_copy_to_another_place_is_left_out(tmp_path: Path, backup: str, carry: str) -> None:
    step = read(tmp_path, "## Backup", fence("mkdir -p backups", backup, carry, "ls backups")).step("backup")

    assert (step.script.split("\n"), step.left_out) == (["mkdir -p backups", backup, "ls backups"], (carry,))
    assert step.touches({"media_volume"}) is (backup == BACKUP), "it hides which volume is backed up"


@pytest.mark.parametrize("other", ["restic backup ./originals", "rclone sync ./originals offsite:originals"])
def test_what_copies_other_files_to_another_place_is_not_left_out(tmp_path: Path, other: str) -> None:
    guide = read(tmp_path, "## Backup", fence(BACKUP.replace("media_volume", "settings"), other))

    assert not any(step.left_out for step in guide.steps)


def test_an_archive_that_is_unpacked_by_a_shell_in_the_container_is_one_restore(tmp_path: Path) -> None:
    lines = [
        "docker cp ./m.tgz $(docker compose ps -q web):/tmp/up.tgz",
        'docker compose exec web sh -c "tar xzf /tmp/up.tgz"',
    ]

    assert typed(read(tmp_path, "## Restore", fence(*lines)), "restore") == lines


@pytest.mark.parametrize("create", ["docker create", "docker container create", "docker run -d"])
def test_a_container_that_the_guide_creates_for_the_copy_has_the_volume(tmp_path: Path, create: str) -> None:
    guide = read(
        tmp_path, "## Backup",
        fence(f"{create} --name copy -v media_volume:/m alpine", "docker cp copy:/m ./m", "docker rm copy"),
    )  # fmt: skip

    assert (len(typed(guide)), guide.step("backup").touches(guide.media)) == (3, True)


@pytest.mark.parametrize("by_hand_first", [True, False])
def test_what_is_scheduled_is_another_way_to_what_is_typed(tmp_path: Path, *, by_hand_first: bool) -> None:
    ways = [fence("make backup"), fence("0 3 * * * cd /opt/app && make backup >> /var/log/backup.log 2>&1")]
    guide = read(tmp_path, "## Backup", *(ways if by_hand_first else reversed(ways)))

    assert typed(guide) == ["make backup"]


def test_a_block_of_nothing_but_root_prompts_is_typed(tmp_path: Path) -> None:
    guide = read(tmp_path, "## Backup", fence("# cd /srv/app", "# docker cp web:/m ./m"))

    assert typed(guide) == ["cd /srv/app", "docker cp web:/m ./m"]


def test_a_block_of_comments_is_not_typed(tmp_path: Path) -> None:
    with pytest.raises(StepMissing):
        read(tmp_path, "## Backup", fence("# backup of the media", "# once a day")).step("backup")


def test_a_copy_for_another_machine_is_named(tmp_path: Path) -> None:
    pod = fence("kubectl cp web-0:/m ./m")
    windows = fence(
        r"docker run --rm -v media_volume:/m -v C:\backups:/b alpine tar czf /b/m.tgz /m", language="powershell"
    )

    guide = read(tmp_path, "## Backup", windows, pod)

    assert [aside.machine for aside in guide.asides] == ["Windows", "Kubernetes"]


def test_a_command_in_a_variable_may_have_another_variable_in_it(tmp_path: Path) -> None:
    lines = ['here=$(cd "$(dirname "$0")" && pwd)', 'dc="docker compose --project-directory $here"']
    guide = read(tmp_path, "## Backup", fence(*lines, "$dc exec -T web tar -czf - media > m.tar.gz"))

    assert typed(guide)[:2] == lines


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
