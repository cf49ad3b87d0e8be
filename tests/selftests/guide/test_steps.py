"""A command that waits for a person is named, and one that gets its input is not."""

import pytest

from media_guarantees.guide.steps import waits_for_person


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
