"""What waits for a person, or needs the server's own disks, is named, and nothing else is."""

from __future__ import annotations

import pytest

from media_guarantees.guide.parsing.not_typed import waits_for_person, why_not_typed


@pytest.mark.parametrize(
    "command",
    [
        "docker compose exec web bash",
        "docker exec -it web /bin/sh",
        "docker run -it --rm -v media:/media alpine sh",
        "docker compose run --rm web ash",
        "docker compose exec db psql",
        "docker compose up",
        "docker-compose up --build",
        "docker compose up --abort-on-container-exit",
        "docker compose logs -f web",
        "docker logs --follow web",
        "docker attach web",
        "tail -f backup.log",
        "tail -F backup.log",
        "sudo nano .env",
        "vim docker-compose.yml",
        "less < backup.log",
        "read -r answer",
        "exit",
    ],
)
def test_a_command_that_waits_for_a_person_is_found(command: str) -> None:
    assert waits_for_person(f"mkdir -p backups\n{command}\n") == command.removeprefix("sudo ").partition(" <")[0]


@pytest.mark.parametrize(
    "command",
    [
        "docker exec -i db mysql < dump.sql",
        "cat dump.sql | docker compose exec -T db psql",
        "gunzip -c dump.sql.gz | docker exec -i db mariadb",
        "docker exec -i db psql <<EOF\nselect 1;\nEOF",
        "docker exec -i db psql <<< 'select 1;'",
        "read -r name < name.txt",
        "docker compose exec web sh -c 'ls'",
        "docker compose exec db psql -c 'select 1'",
        "docker run -d --name db mysql",
        "docker compose up -d",
        "docker-compose up --detach",
        "docker compose up --wait",
        "docker compose up --no-start",
        "docker compose logs web",
        "docker logs --tail 3 web",
        "tail -n 3 backup.log",
        "echo y | sh",
    ],
)
def test_a_command_that_ends_by_itself_is_not(command: str) -> None:
    assert waits_for_person(command) == ""


def test_the_first_of_several_is_named() -> None:
    assert waits_for_person("docker compose up -d\nvim a\nnano b\n") == "vim a"


@pytest.mark.parametrize("script", ["read -p 'Where to? ' place", "while true; do read -p 'Sure? ' yn; done"])
def test_what_asks_a_person_is_named(script: str) -> None:
    assert waits_for_person(script).startswith("read -p")


@pytest.mark.parametrize(
    "script",
    [
        'ls -1t backups/*.tgz | tail -n +15 | while read -r old; do rm -f "$old"; done',
        "while read -r name; do echo $name; done < names",
        "cat setup.sh | docker exec -i web sh",
        "docker run -dit --name copy -v media:/m alpine sh",
    ],
)
def test_what_is_fed_or_runs_in_the_background_waits_for_nobody(script: str) -> None:
    assert why_not_typed(script) == ""


@pytest.mark.parametrize(
    "command",
    [
        "sudo lvcreate --snapshot --size 1G --name s /dev/vg/docker",
        "zfs snapshot tank/docker@today",
        "btrfs subvolume snapshot -r /var/lib/docker /snapshots/docker",
        "virsh snapshot-create-as server before",
        "aws ec2 create-snapshot --volume-id vol-1",
        "hcloud server create-image --type snapshot web",
        "gcloud compute disks snapshot disk --zone=z",
    ],
)
def test_a_snapshot_of_the_servers_storage_is_not_typed(command: str) -> None:
    plain = command.removeprefix("sudo ")

    assert why_not_typed(f"docker compose stop\n{command}") == (
        f"it takes a snapshot on the server's own storage: {plain}"
    )


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('case "$1" in\nbackup) docker cp web:/m .;;\nesac', 'what it does is said by its arguments: case "$1" in'),
        ("while getopts f: name; do :; done", "what it does is said by its arguments: getopts f: name; do :; done"),
        ('copy() {\ncase "$1" in\nout) docker cp web:/m .;;\nesac\n}\ncopy out', ""),
        ('case "$answer" in\ny) docker cp web:/m .;;\nesac', ""),
    ],
)
def test_a_script_that_is_told_what_to_do_is_not_typed_without_its_arguments(script: str, reason: str) -> None:
    assert why_not_typed(script) == reason


@pytest.mark.parametrize("command", ["zfs list -t snapshot", "aws s3 cp a.tgz s3://b/", "btrfs subvolume list /"])
def test_what_only_shows_snapshots_takes_none(command: str) -> None:
    assert why_not_typed(command) == ""
