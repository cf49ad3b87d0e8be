"""Programs that a container runs on its own data: those of a database, and those that make or read a copy."""

from __future__ import annotations

import re

from media_guarantees.guide.parsing.docker_commands import (
    Call,
    compose_verb,
    docker_verb,
    named_containers,
    nested_calls,
    program,
    read_tars,
)

OUT, BACK = "backup", "restore"
PREPARES = frozenset({
    "cd", "mkdir", "ls", "echo", "printf", "export", "set", "sleep", "pwd", "du", "df", "date", "chmod", "chown", "rm",
    "wait", "sha256sum", "md5sum", "find", "git", "curl", "wget", "apt", "apt-get", "true", "exit", "test", "[", "[[",
    "source", ".", "sudo", "su", "ssh", "crontab", "systemctl", "service", "unset", "trap", "head", "tail", "grep",
    "stat", "wc", "sed", "awk", "mount", "umount", "lvremove", "which", "id", "whoami", "local", "return",
})  # fmt: skip
"""Programs that prepare, show or tidy up, and make no copy of anything by themselves."""

_DATABASE_PROGRAMS = {
    "pg_dump", "pg_dumpall", "pg_restore", "pg_basebackup", "pg_isready", "psql", "createdb", "dropdb", "mysqldump",
    "mysql", "mysqladmin", "mariadb-dump", "mariadb", "mariadb-backup", "mariabackup", "mongodump", "mongorestore",
    "mongosh", "redis-cli", "sqlite3", "influxd", "influx", "clickhouse-client", "cockroach", "neo4j-admin",
    "dumpdata", "loaddata",
}  # fmt: skip
_IS_DATABASE = re.compile(
    r"(?:.*[-_])?(?:db|database|postgres(?:ql)?|pg|mysql|mariadb|mongo(?:db)?|redis)(?:[-_]?\d+)?"
).fullmatch
_MOVES_FILES = {"cp", "mv", "cat", "tar", "gzip", "gunzip", "zip", "unzip"}
_WAYS = (
    (BACK, re.compile(r"restor|import|\bload", re.IGNORECASE)),
    (OUT, re.compile(r"back-?up|export|\bdump|archive\b", re.IGNORECASE)),
)


def is_database(call: Call) -> bool:
    """Whether a call starts a database's own program, itself or in a container, or works in a database's container."""
    if {"exec", "run", "cp"} & {docker_verb(call), compose_verb(call)} and any(
        map(_IS_DATABASE, named_containers(call))
    ):
        return True
    return any(program(word) in _DATABASE_PROGRAMS for words in (call, *nested_calls(call)) for word in words[:12])


def works_inside(call: Call) -> tuple[str, str] | None:
    """Return the service or container in which a call starts a program of its own that copies, and which way; or None.

    Such a program has a word for it in its name or its arguments, as in `gitlab-backup create` or `gitea dump`.
    """
    container = next(iter(named_containers(call)), "")
    if not container or "exec" not in {docker_verb(call), compose_verb(call)} or is_database(call):
        return None
    words = call[[word.value for word in call].index(container) + 1 :]
    for inner in nested_calls(call) or [words]:
        if not inner or program(inner[0]) in PREPARES | _MOVES_FILES or any(read_tars(inner)):
            continue
        text = " ".join(word.value for word in inner)
        if found := next((way for way, pattern in _WAYS if pattern.search(text)), None):
            return container, found
    return None
