"""What a guide prints and the run can't type: what waits for a person, and what needs the server's own disks."""

from __future__ import annotations

import re

from media_guarantees.guide.parsing.docker_commands import Call, compose_verb, docker_verb, program, unwrapped
from media_guarantees.guide.parsing.shell_words import read_commands

_ON_SCREEN = {"nano", "vi", "vim", "less", "more", "top", "htop"}
_READ_INPUT = {"bash", "sh", "ash", "zsh", "psql", "mysql", "mariadb", "read", "select"}
_FOLLOWS = {"-f", "-F", "--follow"}
_INPUTS = {"heredoc_redirect", "herestring_redirect"}
_DETACHED = re.compile(r"-[it]*d[it]*|--detach|--wait|--no-start")
_ASKS_ARGUMENTS = re.compile(r"\bcase [\"']?\$\{?(?:1|@|\*)[^\n]*|\bgetopts\b[^\n]*")
_FUNCTION = re.compile(r"^\s*(?:function\s+)?[\w-]+\s*\(\)\s*\{", re.MULTILINE)
# Programs that freeze or copy whole file systems or machines, below those that the run has made.
_STORAGE = {
    "lvcreate", "lvconvert", "zfs", "zpool", "btrfs", "snapper", "timeshift", "fsfreeze", "xfs_freeze", "xfsdump",
    "xfsrestore", "virsh", "qm", "qmrestore", "pct", "vzdump", "rbd", "VBoxManage", "vboxmanage", "bcachefs",
}  # fmt: skip
_CLOUDS = {"aws", "gcloud", "az", "doctl", "hcloud", "linode-cli", "openstack", "govc", "scw", "oci"}
_BACK = {"rollback", "restore", "revert", "snapshot-revert", "--merge", "receive", "qmrestore", "xfsrestore", "recv"}


def why_not_typed(script: str) -> str:
    """Say what keeps a script from being typed, and the command that does; "" if nothing."""
    if waiting := waits_for_person(script):
        return f"it waits for a person: {waiting}"
    if storage := next((call for call in _calls(script) if snapshot(call)), None):
        return f"it takes a snapshot on the server's own storage: {_text(storage)}"
    if (asked := _ASKS_ARGUMENTS.search(script)) and not _FUNCTION.search(script):
        return f"what it does is said by its arguments: {asked.group()}"
    return ""


def waits_for_person(script: str) -> str:
    """Return the first command of a script that waits for input or Ctrl-C; "" if there is none.

    A shell or a database's client that gets its input from a file or from the program before it waits for nobody.
    """
    for command in read_commands(script):
        from_file = any(each.operator.startswith("<") for each in command.redirections) or command.kinds & _INPUTS
        for number, call in enumerate(filter(None, map(unwrapped, command.calls))):
            is_fed = bool(from_file or (number and "pipeline" in command.kinds))
            if _waits(call, is_fed=is_fed):
                return _text(call)
    return ""


def _waits(call: Call, *, is_fed: bool) -> bool:
    values = [word.value for word in call]
    verb = compose_verb(call) or docker_verb(call)
    name = program(call[0])
    is_detached = any(map(_DETACHED.fullmatch, values))
    if name in _ON_SCREEN or values == ["exit"] or verb == "attach" or (compose_verb(call) == "up" and not is_detached):
        return True
    if verb == "logs" or name == "tail":
        return bool(_FOLLOWS.intersection(values))
    if name == "read" and any(re.match(r"-[a-z]*[ps]", value) for value in values[1:]):
        return True  # it asks a person, even in a loop that is fed
    starts_reader = verb in {"exec", "run"} and program(call[-1]) in _READ_INPUT and not is_detached
    return (name in {"read", "select"} or starts_reader) and not is_fed


def snapshot(call: Call) -> str:
    """Return "backup" for what takes a snapshot of a disk or a machine, "restore" for what goes back to one, or ""."""
    values = [word.value for word in call]
    name = program(call[0]) if call else ""
    is_storage = name in _STORAGE and not {"list", "status", "show"} & {*values[1:3]}
    is_of_cloud = name in _CLOUDS and any("snapshot" in value or value == "create-image" for value in values)
    if not is_storage and not is_of_cloud:
        return ""
    return "restore" if _BACK & {name, *values} else "backup"


def _text(call: Call) -> str:
    return " ".join(word.value for word in call)


def _calls(script: str) -> list[Call]:
    return [call for command in read_commands(script) for call in map(unwrapped, command.calls) if call]
