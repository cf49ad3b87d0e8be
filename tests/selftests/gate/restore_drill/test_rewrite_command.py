"""A guide's command runs on a live server only if it can reach nothing but the run's own volumes."""

from pathlib import Path

import pytest

from media_guarantees.gate.restore_drill.rewrite_command import NotRunnableLive, redirect
from media_guarantees.guide.formats.document import Block
from media_guarantees.guide.sequences import read_procedures
from media_guarantees.guide.steps import Step

BACKUP = (
    "docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu "
    "tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source ."
)


def step(script: str) -> Step:
    """Read a backup command as a guide's."""
    (found,) = (each for each in read_procedures([Block(Path("guide.md"), 7, script)]) if isinstance(each, Step))
    return found


def redirected(script: str) -> str:
    return redirect(step(script), media="media_volume", backups="scratch", read_only=True, labels={"run": "1"})


def test_the_guides_own_backup_reads_the_live_volume_and_writes_to_scratch() -> None:
    assert redirected(BACKUP) == (
        "docker run --label=run=1 --rm -v media_volume:/source:ro -v scratch:/backup ubuntu "
        "tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source ."
    )


def test_a_command_may_ask_for_its_volume_first() -> None:
    assert redirected(f"docker volume inspect media_volume > /dev/null && {BACKUP}") == (
        f"docker volume inspect media_volume > /dev/null && {redirected(BACKUP)}"
    )


def test_a_restore_writes_to_another_volume() -> None:
    script = 'docker run --rm -v media_volume:/d -v $(pwd)/backups:/b ubuntu bash -c "tar -xzvf /b/[FILE].tar.gz -C /d"'

    changed = redirect(step(script), media="copy", backups="scratch", read_only=False, labels={})

    assert changed == 'docker run --rm -v copy:/d -v scratch:/b ubuntu bash -c "tar -xzvf /b/[FILE].tar.gz -C /d"'


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("-v media_volume:/source:rw", "-v media_volume:/source:ro"),
        ("--volume=media_volume:/source", "--volume=media_volume:/source:ro"),
        ("--volume media_volume:/source", "--volume media_volume:/source:ro"),
        ("-v 'media_volume:/source'", "-v media_volume:/source:ro"),
        (
            "--mount type=volume,source=media_volume,target=/source",
            "--mount type=volume,source=media_volume,target=/source,readonly",
        ),
        (
            "--mount=source=media_volume,dst=/source",
            "--mount=type=volume,source=media_volume,target=/source,readonly",
        ),
    ],
)
def test_every_way_to_write_a_mount_is_understood(written: str, read: str) -> None:
    assert read in redirected(BACKUP.replace("-v media_volume:/source", written))


@pytest.mark.parametrize("written", ['-v "$(pwd)/backups:/backup"', "-v /srv/backups:/backup", "-v ./b:/backup:Z"])
def test_every_folder_of_the_host_is_left_alone(written: str) -> None:
    assert " -v scratch:/backup ubuntu" in redirected(BACKUP.replace("-v $(pwd)/backups:/backup", written))


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (f"docker-compose stop && {BACKUP}", "it also runs docker-compose stop"),
        (f"{BACKUP} && docker-compose start", "it also runs docker-compose start"),
        (f"{BACKUP} ; rm -rf /", "it also runs rm -rf /"),
        (BACKUP.replace("--rm", "--privileged"), "what --privileged does to the server is not known"),
        (BACKUP.replace("--rm", "--volumes-from web"), "what --volumes-from does to the server is not known"),
        (BACKUP.replace("--rm", "--pid=host"), "what --pid does to the server is not known"),
        (
            BACKUP.replace("$(date", "$(docker stop web; date"),
            "what $(docker stop web; date +%Y%m%d) stands for is not",
        ),
        (BACKUP.replace("$(date", "`docker stop web`$(date"), "what `docker stop web` stands for is not known"),
        (BACKUP.replace("--rm", "--network host"), "it joins the network host"),
        (f"DOCKER_HOST=ssh://prod {BACKUP}", "what the variable assignment in it does"),
        (BACKUP.replace("docker run", "docker --context prod run"), "it also runs docker --context prod"),
        (BACKUP.replace("docker run", "docker -H ssh://prod run"), "it also runs docker -H ssh://prod"),
        (BACKUP.replace("docker run", "sudo docker run"), "it also runs sudo docker run"),
        (f"cd /srv/app && {BACKUP}", "it also runs cd /srv/app"),
        (f"{BACKUP} > /var/log/backup.log", "it writes to /var/log/backup.log"),
        (f"{BACKUP} | tee backup.log", "what the pipeline in it does"),
        (f"{BACKUP} && find /mnt/nas -mtime +30 -delete", "it also runs find /mnt/nas -mtime"),
        (f"{BACKUP} & disown", "what the & in it does"),
        (BACKUP.replace("-v media_volume:/source", "-v /var/media:/source"), "it mounts scratch, not one volume"),
        (BACKUP.replace(":/source", ":$HOME/source"), "what $HOME stands for is not known"),
        (BACKUP.replace(":/source", ":/so urce".replace(" ", "%")), "it mounts something at /so%urce"),
    ],
)
def test_a_command_that_would_reach_anything_else_is_refused(script: str, why: str) -> None:
    with pytest.raises(NotRunnableLive) as refused:
        redirected(script)

    assert why in str(refused.value)
    assert "backup command, line 7, is not run on a live server" in str(refused.value)


@pytest.mark.parametrize(
    "script",
    [
        f"docker volume inspect media_volume > /dev/null && {BACKUP}",
        f"docker volume inspect media_volume >/dev/null 2>&1 && {BACKUP}",
        f"docker volume inspect media_volume &> /dev/null && {BACKUP}",
        BACKUP.replace("--rm", "--rm --user 0 --name backup --platform linux/amd64"),
        BACKUP.replace("$(date +%Y%m%d)", "`date +%Y%m%d`"),
        BACKUP.replace("$(pwd)", "$PWD"),
    ],
)
def test_a_guard_and_what_names_the_container_change_nothing(script: str) -> None:
    assert "-v media_volume:/source:ro -v scratch:/backup" in redirected(script)
