"""A program that a container runs to make or read a copy is known by its own words, and other programs are not."""

from __future__ import annotations

import pytest

from media_guarantees.guide.parsing.docker_commands import Call, unwrapped
from media_guarantees.guide.parsing.inner_programs import is_database, works_inside
from media_guarantees.guide.parsing.shell_words import read_commands


def first_call(script: str) -> Call:
    return unwrapped(next(read_commands(script)).calls[0])


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("docker compose exec -T gitlab gitlab-backup create", ("gitlab", "backup")),
        ("docker exec -u git -w /tmp forge platform dump --file /tmp/d.zip", ("forge", "backup")),
        ("docker compose exec cms npm run cms import -- --file /tmp/e.tar.gz", ("cms", "restore")),
        ("docker compose exec web sh -c 'cd /app && ./manage export /tmp/e'", ("web", "backup")),
        ("docker compose exec web ls /backups", None),
        ("docker compose exec web tar czf /backups/a.tgz /media", None),
        ("docker compose exec web cp -a /media /backup", None),
        ("docker compose exec web python manage.py dumpdata", None),
        ("docker compose exec db pg_dump app", None),
        ("docker compose restart backup", None),
    ],
)
def test_a_program_that_copies_in_a_container_is_known(script: str, found: tuple[str, str] | None) -> None:
    assert works_inside(first_call(script)) == found


@pytest.mark.parametrize("program", ["pg_dump app", "sh -c 'exec mariadb-dump --all-databases'", "mongodump --archive"])
def test_a_dump_of_a_database_is_known(program: str) -> None:
    assert is_database(first_call(f"docker compose exec -T db {program}"))
