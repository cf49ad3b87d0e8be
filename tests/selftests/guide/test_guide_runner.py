"""The operator types what the guide prints, byte for byte, in the deployment's folder, with nothing in the way."""

import os
import re
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from fake_programs import Programs

from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.guide.guide_runner import OUR_SCRIPT, Operator, named_volumes
from media_guarantees.guide.reader import read_guide
from media_guarantees.system.run_id import Run

BACKUP = (
    "docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu "
    "tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz   -C /source ."
)
RESTORE = (
    "docker run --rm -v media_volume:/destination -v $(pwd)/backups:/backup ubuntu "
    'bash -c "tar -xzvf /backup/[NAME_OF_THE_FILE].tar.gz -C /destination"'
)
INSPECT = "docker-compose exec web-project ls -la /usr/src/platform/media"
GUIDE = f"# Guide\n\n```bash\n{BACKUP}\n```\n\nThen:\n\n```bash\n{RESTORE}\n```\n\n```bash\n{INSPECT}\n```\n"
RUN = Run("0123abcd-1-2", "mine-")


@pytest.fixture(name="operator")
def _operator(programs: Programs, tmp_path: Path) -> Operator:
    """Return an operator with the guide, on a private engine."""
    guide = tmp_path / "guide.md"
    guide.write_text(GUIDE)
    folder = tmp_path / "deployment"
    folder.mkdir()
    return Operator(read_guide(guide), folder, {"PATH": programs.path})


def sharing(operator: Operator) -> Operator:
    return replace(operator, rename=RUN.name)


@pytest.mark.parametrize(("procedure", "printed"), [("backup", BACKUP), ("inspect", INSPECT)])
def test_a_script_is_what_is_printed_byte_for_byte(operator: Operator, procedure: str, printed: str) -> None:
    assert operator.script(procedure) == printed


def test_only_the_placeholder_is_filled_in(operator: Operator) -> None:
    script = operator.script("restore", archive="media_backup_20260131")

    assert script == RESTORE.replace("[NAME_OF_THE_FILE]", "media_backup_20260131")


@pytest.mark.parametrize("procedure", ["backup", "restore"])
def test_on_a_shared_engine_the_volumes_name_changes_and_nothing_else(operator: Operator, procedure: str) -> None:
    here = operator.script(procedure, archive="x")
    there = sharing(operator).script(procedure, archive="x")

    assert there == here.replace("-v media_volume:", "-v mine-media_volume:") != here


def test_a_command_without_a_volume_is_the_same_on_a_shared_engine(operator: Operator) -> None:
    assert sharing(operator).script("inspect") == INSPECT


def test_what_is_typed_reaches_the_program_as_a_shell_reads_it(operator: Operator, programs: Programs) -> None:
    operator.run_checked("restore", archive="media_backup_20260131")

    (call,) = programs.calls("docker")
    assert call == (
        f"run --rm -v media_volume:/destination -v {operator.folder}/backups:/backup ubuntu "
        "bash -c tar -xzvf /backup/media_backup_20260131.tar.gz -C /destination"
    )


def test_the_operator_stands_in_the_deployments_folder(operator: Operator) -> None:
    assert operator.run_script("pwd").text == str(operator.folder)


MISSING = {
    "an image": (
        "docker",
        "echo \"Unable to find image 'borg:latest' locally\" >&2; exit 125",
        "Unable to find image 'borg",
    ),
    "an address": ("docker-compose", "echo 'curl: (6) Could not resolve host: a.org' >&2; exit 6", "Could not resolve"),
    "a registry": ("docker", "echo 'lookup registry-1.docker.io: no such host' >&2; exit 1", "registry-1.docker.io"),
}


@pytest.mark.parametrize(("program", "script", "said"), MISSING.values(), ids=MISSING.keys())
def test_what_a_sandbox_has_no_way_to_is_no_fault_of_the_guide(
    operator: Operator, programs: Programs, program: str, script: str, said: str
) -> None:
    programs.add(program, script)

    with pytest.raises(Unproven, match=f"needs what is not at hand in the sandbox: .*{said}"):
        operator.run_script(f"{program} exec web ls")


@pytest.mark.parametrize("script", ["nothing-called-so x", "ls; ./nothing-called-so"])
def test_a_program_that_is_not_installed_is_no_fault_of_the_guide(operator: Operator, script: str) -> None:
    with pytest.raises(Unproven, match=r"not at hand in the sandbox: bash: line 1: .*nothing-called-so: "):
        operator.run_script(script)


def test_a_service_of_a_profile_that_is_not_active_is_no_fault_of_the_guide(
    operator: Operator, programs: Programs
) -> None:
    programs.add("docker", "echo 'no such service: saver' >&2; exit 1")

    with pytest.raises(Unproven, match="not at hand in the sandbox: no such service: saver"):
        operator.run_script("docker compose run --rm saver")
    assert not operator.run_script("docker compose exec saver ls").ok, "one that should be up is missed"


def test_a_file_that_is_not_there_is_a_fault(operator: Operator) -> None:
    assert not operator.run_script("cat < nothing-called-so").ok


def test_a_backup_whose_name_is_left_open_is_given_one(operator: Operator) -> None:
    operator.guide.source.write_text(GUIDE.replace("media_backup_$(date +%Y%m%d)", "[NAME_OF_THE_FILE]"))

    script = replace(operator, guide=read_guide(operator.guide.source)).script("backup")

    assert re.search(r"/backup/media_backup_\d{8}\.tar\.gz ", script)


@pytest.mark.parametrize(
    ("archive", "typed"),
    [("backups/other_1.tar.bz2", "other_1.tar.bz2"), ("/srv/x.tgz", "x.tgz"), ("x", "x.tar.gz")],
)
def test_the_path_of_a_backup_is_put_as_far_as_the_guide_leaves_it_open(
    operator: Operator, archive: str, typed: str
) -> None:
    operator.guide.source.write_text(GUIDE.replace("[NAME_OF_THE_FILE].tar.gz", "[NAME_OF_THE_FILE]"))

    script = replace(operator, guide=read_guide(operator.guide.source)).script("restore", archive=archive)

    assert script == RESTORE.replace("[NAME_OF_THE_FILE].tar.gz", typed)


def test_what_needs_the_servers_own_disks_is_unproven(operator: Operator) -> None:
    operator.guide.source.write_text("## Backup\n\n```\nzfs snapshot tank/docker@today\n```\n")

    with pytest.raises(
        Unproven, match=r"line 4 of .* is not typed: it takes a snapshot on the server's own storage: zfs"
    ):
        replace(operator, guide=read_guide(operator.guide.source)).script("backup")


def test_what_is_left_out_for_another_place_is_in_the_evidence(
    operator: Operator, caplog: pytest.LogCaptureFixture
) -> None:
    carry = "scp backups/media.tar.gz nas:"
    operator.guide.source.write_text(GUIDE.replace(BACKUP, f"{BACKUP}\n{carry}"))

    with caplog.at_level("INFO"):
        script = replace(operator, guide=read_guide(operator.guide.source)).script("backup")

    assert script == BACKUP
    assert f"is left out: {carry}" in caplog.text


def test_a_file_of_another_format_keeps_its_ending(operator: Operator) -> None:
    operator.guide.source.write_text(
        "## Backup\n\n```\nzip -r m-$(date +%F).zip m\n```\n\n## Restore\n\n```\nunzip -o m-2025-01-31.zip\n```\n"
    )

    private = replace(operator, guide=read_guide(operator.guide.source), shell_in=lambda _: None)  # type: ignore[arg-type, return-value]

    assert private.script("restore", archive="m-2031-12-31.zip") == "unzip -o m-2031-12-31.zip"


def test_what_only_its_effect_shows_takes_a_private_engine(operator: Operator) -> None:
    operator.guide.source.write_text("## Backup\n\n```\ndocker compose run --rm saver\n```\n")
    guide = read_guide(operator.guide.source)

    with pytest.raises(Unproven, match="does what only running it shows: it takes a private engine"):
        sharing(replace(operator, guide=guide)).run("backup")


def test_what_is_typed_is_journalled_as_the_guides(operator: Operator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "verify.events"):
        operator.run("inspect")

    event = vars(caplog.records[-1])["event"]
    assert (event.kind, INSPECT in event.what) == ("guide", True)


@pytest.mark.parametrize("name", ["COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "DOCKER_HOST", "DOCKER_CONTEXT"])
def test_nothing_of_the_machine_makes_the_operators_compose_look_elsewhere(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "elsewhere")

    assert operator.run_script(f'printf %s "${{{name}-unset}}"').text == "unset"


def test_the_operator_works_with_the_engines_environment(operator: Operator) -> None:
    redirected = replace(operator, environment={**operator.environment, "DOCKER_HOST": "engine"})

    assert redirected.run_script('echo "$DOCKER_HOST"').text == "engine"


def test_what_a_test_adds_to_the_environment_comes_last(operator: Operator) -> None:
    assert operator.run_script('echo "$PATH"', extra={"PATH": f"/extra:{os.environ['PATH']}"}).text.startswith(
        "/extra:"
    )


def test_a_step_that_the_guide_does_not_print_is_unproven_for_a_reason(operator: Operator) -> None:
    with pytest.raises(Unproven, match=r"the guide does not describe it: .*guide\.md: no restart command"):
        operator.run("restart")


def test_a_guide_that_can_not_be_followed_either_way_is_unproven(operator: Operator) -> None:
    guide = operator.guide.source
    guide.write_text(f"{GUIDE}\n```\n{BACKUP.replace('media_volume', 'other')}\n```\n")

    with pytest.raises(Unproven, match=r"two different backup commands, .*line 4: .*line 18: "):
        replace(operator, guide=read_guide(guide)).step("backup")


def test_a_command_that_succeeds_gives_what_it_said(operator: Operator, programs: Programs) -> None:
    programs.add("docker-compose", "echo avatars")

    assert operator.run_checked("inspect").text == "avatars"


def test_a_command_that_fails_is_a_broken_promise_with_line_status_and_words(
    operator: Operator, programs: Programs
) -> None:
    programs.add("docker-compose", "echo no such service >&2; exit 14")

    with pytest.raises(PromiseBroken) as broken:
        operator.run_checked("inspect")

    line = GUIDE.split("\n").index(INSPECT) + 1
    assert broken.value.seen == (
        f"the guide's inspect command (guide.md, line {line}) ended with status 14: no such service"
    )
    assert "follows the guide" in broken.value.means


def test_a_command_that_fails_may_be_looked_at(operator: Operator, programs: Programs) -> None:
    programs.add("docker-compose", "exit 14")

    assert operator.run("inspect").status == 14


def test_a_command_may_be_watched_while_it_works(operator: Operator, programs: Programs) -> None:
    programs.add("docker", 'echo "$PWD"; read -r _')

    with operator.start("backup") as command:
        command.wait_for_output(str(operator.folder).encode())

    assert programs.calls("docker")[0].startswith("run --rm -v media_volume:/source")


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL], ids=["ignored here", "as at a terminal"])
def test_ctrl_c_ends_a_command_even_where_the_run_ignores_it(
    operator: Operator, programs: Programs, handler: signal.Handlers
) -> None:
    programs.add("docker", "echo working; exec sleep 60")
    before = signal.signal(signal.SIGINT, handler)
    try:
        with operator.start("backup") as command:
            command.wait_for_output(b"working")
            command.signal(signal.SIGINT)
            outcome = command.finish(seconds=10)
    finally:
        signal.signal(signal.SIGINT, before)

    assert outcome.status == -signal.SIGINT


@pytest.mark.parametrize(
    ("mounts", "named"),
    [
        ("-v media_volume:/s -v $(pwd)/backups:/b", ("media_volume",)),
        ("-v ./media:/s -v /srv:/b", ()),
        ("-v one:/s -v two:/t -v ~/backups:/b", ("one", "two")),
    ],
)
def test_volumes_are_reported_from_the_hosts_directories(
    operator: Operator, mounts: str, named: tuple[str, ...]
) -> None:
    script = BACKUP.replace("-v media_volume:/source -v $(pwd)/backups:/backup", mounts)

    assert named_volumes(replace(operator.step("backup"), script=script)) == named


@pytest.mark.parametrize("printed", ["/srv/backups", "~/backups", "$HOME/backups"])
def test_a_directory_outside_of_the_deployments_is_replaced_by_one_of_the_runs_own(
    operator: Operator, caplog: pytest.LogCaptureFixture, printed: str
) -> None:
    operator.guide.source.write_text(GUIDE.replace("$(pwd)/backups:", f"{printed}:"))
    elsewhere = replace(operator, guide=read_guide(operator.guide.source))

    with caplog.at_level("INFO", "verify.evidence"):
        script = elsewhere.script("backup")

    assert printed not in script
    assert f"-v {operator.folder}/outside/" in script
    assert f"the guide's {printed} is a directory of the run's own" in caplog.text


def test_the_clock_of_the_machine_may_be_mounted_as_printed(operator: Operator) -> None:
    operator.guide.source.write_text(
        GUIDE.replace("-v media_volume:/source", "-v /etc/localtime:/l -v media_volume:/s")
    )

    assert "-v /etc/localtime:/l" in replace(operator, guide=read_guide(operator.guide.source)).script("backup")


@pytest.mark.parametrize(
    ("printed", "script", "reason"),
    [
        ("./save.sh", BACKUP.replace("$(pwd)/backups", "/srv/backups"), "mounts a directory of this machine"),
        ("./save.sh", BACKUP, "the volume.s name can.t be replaced"),
        ("docker exec web-project ls /media", "", "it takes a private engine"),
    ],
)
def test_what_would_reach_beyond_the_sandbox_is_not_typed(
    operator: Operator, programs: Programs, printed: str, script: str, reason: str
) -> None:
    (operator.folder / "save.sh").write_text(script)
    operator.guide.source.write_text(f"```\n{printed}\n```\n")
    guide = read_guide(operator.guide.source, operator.folder)

    with pytest.raises(Unproven, match=f"line 2 of guide.md, .*{reason}"):
        replace(sharing(operator), guide=guide).run(guide.steps[0].procedure)

    assert programs.calls("docker") == []


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        (f"cd /srv/app && {BACKUP}", "it also runs cd /srv/app"),
        (f"DOCKER_HOST=ssh://prod {BACKUP}", "what the variable assignment in it does"),
        (BACKUP.replace("docker run", "docker --context prod run"), "it also runs docker --context prod"),
        (f"{BACKUP} && mv backups/x.tar.gz /mnt/nas", "it also runs mv backups/x.tar.gz /mnt/nas"),
        (f"{BACKUP} && find /mnt/nas -mtime +30 -delete", "it also runs find"),
        (f"{BACKUP} > /var/log/backup.log", "it writes to /var/log/backup.log"),
        (f"{BACKUP} && crontab -r", "it also runs crontab -r"),
        (f"{BACKUP} && curl https://example.org/ping", "it also runs curl"),
        (BACKUP.replace("--rm", "--privileged"), "what --privileged does"),
        (BACKUP.replace("--rm", "--network host"), "it joins the network host"),
        (BACKUP.replace("-v $(pwd)/backups", "-v $(pwd)/../../backups"), "it mounts"),
        (BACKUP.replace("-v $(pwd)/backups", "-v $BASE/backups"), "what .BASE stands for"),
        (f"mkdir -p /mnt/nas && {BACKUP}", "it runs mkdir on /mnt/nas"),
        ("docker-compose -H ssh://prod exec web ls /media", "it runs docker-compose -H ssh://prod exec"),
        ("for each in a b; do docker-compose exec $each ls /media; done", "what the for statement in it does"),
    ],
)
def test_on_a_shared_engine_a_word_that_is_not_understood_is_not_typed(
    operator: Operator, programs: Programs, printed: str, reason: str
) -> None:
    operator.guide.source.write_text(f"```\n{printed}\n```\n")
    guide = read_guide(operator.guide.source, operator.folder)

    with pytest.raises(Unproven, match=f"line 2 of guide.md, is not typed on an engine .*{reason}"):
        replace(sharing(operator), guide=guide).run(guide.steps[0].procedure)

    assert programs.calls("docker") == programs.calls("docker-compose") == []


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("docker-compose run --rm restore tar -xzf /backup/[FILE].tar.gz -C /media", "Compose gives it the volume of"),
        ("docker-compose exec -T web tar -xzf /backup/[FILE].tar.gz -C /media", "Compose gives it the volume of"),
        (
            "docker run --rm --volumes-from web -v $(pwd)/backups:/backup ubuntu tar -xzf /backup/[FILE].tar.gz -C /m",
            "what --volumes-from does",
        ),
    ],
)
def test_on_a_private_engine_what_has_the_deployments_own_volume_is_not_pointed_at_another(
    operator: Operator, printed: str, reason: str
) -> None:
    operator.guide.source.write_text(f"```\n{printed}\n```\n")
    guide = read_guide(operator.guide.source, operator.folder)
    aside = replace(sharing(operator), guide=guide, shell_in=cast("Any", object()))

    with pytest.raises(Unproven, match=f"can't be pointed at another volume.*: {reason}") as unproven:
        aside.script("restore", archive="media_backup_20260131")

    assert "private engine" not in str(unproven.value), "that is what it has"


def test_on_a_private_engine_a_volume_that_is_named_is_replaced_by_another(operator: Operator) -> None:
    aside = replace(sharing(operator), shell_in=cast("Any", object()))

    assert "-v mine-media_volume:/destination" in aside.script("restore", archive="x")


@pytest.mark.parametrize(
    "printed",
    [
        "mkdir -p backups && " + BACKUP,
        BACKUP.replace("$(pwd)", "./"),
        "docker-compose down && docker-compose up -d",
        "docker compose exec -T web chmod -R 755 /media",
        "docker compose restart web >/dev/null 2>&1",
    ],
)
def test_on_a_shared_engine_what_is_understood_is_typed(operator: Operator, printed: str) -> None:
    operator.guide.source.write_text(f"```\n{printed}\n```\n")
    guide = read_guide(operator.guide.source, operator.folder)

    assert replace(sharing(operator), guide=guide).run(guide.steps[0].procedure).ok


def test_elsewhere_the_operator_has_the_deployments_files_and_no_backup(operator: Operator, tmp_path: Path) -> None:
    for name in ("compose.yml", "scripts/save.sh", "media/a.jpg", "backups/x.tar.gz", "copies/y.tgz"):
        (operator.folder / name).parent.mkdir(exist_ok=True)
        (operator.folder / name).write_text(name)

    there = operator.in_folder(tmp_path / "elsewhere")

    files = sorted(str(path.relative_to(there.folder)) for path in there.folder.rglob("*") if path.is_file())
    assert files == ["compose.yml", "scripts/save.sh"]
    assert (there.folder / "backups").is_dir(), "Docker must not create it as root when it is mounted"


@pytest.fixture(name="migration")
def _migration(operator: Operator) -> Operator:
    """Give the operator the suite's own script, and a guide that runs it."""
    script = operator.folder / OUR_SCRIPT.name
    script.write_bytes(OUR_SCRIPT.read_bytes())
    operator.guide.source.write_text("```\n./migrate_media.sh\n```\n")
    return replace(operator, guide=read_guide(operator.guide.source, operator.folder))


def test_on_a_shared_engine_our_own_migration_runs(migration: Operator) -> None:
    assert sharing(migration).script("migrate") == "./migrate_media.sh"


@pytest.mark.parametrize("printed", ["./migrate_media.sh", "bash ./migrate_media.sh", "./scripts/migrate_media.sh"])
def test_on_a_shared_engine_an_owners_migration_is_not_run(migration: Operator, printed: str) -> None:
    (migration.folder / OUR_SCRIPT.name).write_text("docker cp media/. web-project:/usr/src/platform/media\n")
    migration.guide.source.write_text(f"```\n{printed}\n```\n")
    theirs = replace(migration, guide=read_guide(migration.guide.source, migration.folder))

    with pytest.raises(Unproven, match=r"not the suite's own, and might find a container of others: .* private engine"):
        sharing(theirs).script("migrate")
    assert theirs.script("migrate") == printed, "a private engine has no others"


def test_a_name_that_does_not_fit_the_guides_is_unproven(operator: Operator) -> None:
    operator.guide.source.write_text(GUIDE.replace("[NAME_OF_THE_FILE]", "fotos_[DATA]"))

    with pytest.raises(Unproven, match="can't be filled in as the guide says"):
        replace(operator, guide=read_guide(operator.guide.source)).script("restore", archive="media_backup_20260131")


def test_the_ending_of_the_backup_is_filled_in_where_the_restore_prints_none(operator: Operator) -> None:
    operator.guide.source.write_text(GUIDE.replace(".tar.gz", ".tgz").replace("[NAME_OF_THE_FILE].tgz", "<archive>"))

    script = replace(operator, guide=read_guide(operator.guide.source)).script("restore", archive="media_20260131")

    assert "/backup/media_20260131.tgz " in script


@pytest.mark.parametrize(
    ("flags", "terminal"), [("-it", True), ("-ti", True), ("-i -t", True), ("--tty", True), ("-T", False), ("", False)]
)
def test_a_command_that_insists_on_a_terminal_gets_one(
    operator: Operator, programs: Programs, flags: str, *, terminal: bool
) -> None:
    programs.add("docker", "if [ -t 0 ]; then echo at a terminal; fi")

    outcome = operator.run_script(f"docker exec {flags} web-project ls -la /media")

    assert outcome.text == ("at a terminal" if terminal else "")
