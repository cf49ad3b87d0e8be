"""What a printed command asks of docker, Compose and tar: its verb, its mounts, its archive."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from pathlib import PurePosixPath

from media_guarantees.core.text import VOLUME_NAME
from media_guarantees.guide.parsing.shell_words import Word, read_commands

Call = Sequence[Word]

_WRAPPERS = {"sudo", "env", "exec", "nice", "time", "command"}
_WRAPPERS_TAKE_ARGUMENT = {"-u", "-g", "-n", "--user", "--group"}
_DOCKER_VERBS = {
    "run",
    "create",
    "network",
    "compose",
    "exec",
    "volume",
    "cp",
    "ps",
    "inspect",
    "image",
    "logs",
    "attach",
}
_COMPOSE_VERBS = {
    "exec", "run", "down", "up", "restart", "stop", "start", "ps", "logs", "config", "build", "cp", "attach",
}  # fmt: skip
_TAKE_ARGUMENT = {
    "-u", "--user", "-w", "--workdir", "-e", "--env", "-t", "--time", "--timeout", "--index", "-v", "--volume",
    "--name", "--entrypoint", "-p", "--publish", "-l", "--label",
}  # fmt: skip
_TARS = {"tar", "/bin/tar", "/usr/bin/tar"}
_VOLUME_SPEC = re.compile(
    r"(?P<source>(?:\$\{[^}]*\}|\$\([^)]*\)|\$(?![{(])|[^:$])+):(?P<target>[^:]+)(?::.*)?", re.DOTALL
)
_MOUNT_OPTION = re.compile(r"(?P<name>-[dit]*v|--(?:volume|mount)(?![^=]))=?(?P<attached>.*)", re.DOTALL)
# GNU tar manual, "Option Summary": the short options that take an argument end a group of letters.
_TAR_LETTERS = re.compile(r"-(?P<flags>[^bCfFgHIKLNTVX-]*)(?P<last>[bCfFgHIKLNTVX])?(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True)
class Mount:
    """What a `docker run` mounts: source and target as printed, and the source's offset in the script."""

    source: str
    target: str
    start: int

    @property
    def is_named_volume(self) -> bool:
        """Whether the source is a volume's name, not a directory of the host and not nothing."""
        return bool(VOLUME_NAME.fullmatch(self.source))


@dataclass(frozen=True)
class Tar:
    """What a `tar` does ("create", "extract" or "other") and to which archive, as printed."""

    mode: str
    archive: str | None


def unwrapped(call: Call) -> Call:
    """Leave out what only sets the scene of a command: `sudo -E`, `TZ=UTC` and the like."""
    words = list(call)
    while words and re.match(r"\w+=", words[0].value):
        del words[0]
    if not words or words[0].value not in _WRAPPERS:
        return words
    del words[0]
    while words and words[0].value.startswith("-"):
        del words[: 2 if words[0].value in _WRAPPERS_TAKE_ARGUMENT else 1]
    return unwrapped(words)


def program(word: Word) -> str:
    """Name the program that a word would start."""
    return PurePosixPath(word.value).name


def docker_verb(call: Call) -> str | None:
    """Name what a `docker` command does, such as "run" (`container run` too); None for other programs."""
    if not call or program(call[0]) != "docker":
        return None
    return next((word.value for word in call[1:] if word.value in _DOCKER_VERBS), None)


def compose_verb(call: Call) -> str | None:
    """Name what a `docker-compose` or `docker compose` does, such as "exec"; None for other programs."""
    if docker_verb(call) != "compose" and not (call and program(call[0]) == "docker-compose"):
        return None
    return next((word.value for word in call[1:] if word.value in _COMPOSE_VERBS), None)


def nested_calls(call: Call) -> list[Call]:
    """Read the commands in a `bash -c "…"` that is part of a command."""
    scripts = [word for flag, word in pairwise(call) if re.fullmatch(r"-[a-z]*c", flag.value)]
    return [inner for script in scripts for command in read_commands(script.value) for inner in command.calls]


def programs_inside(call: Call) -> set[str]:
    """List every word that may name a program which an `exec` starts, also within `sh -c "…"`."""
    return {program(word) for words in (call, *nested_calls(call)) for word in words}


def read_tars(call: Call) -> Iterator[Tar]:
    """Read each `tar` that a command starts, itself or in a `bash -c`."""
    for words in (call, *nested_calls(call)):
        values = [word.value.removeprefix("--entrypoint=") for word in words]
        at = next((number for number, value in enumerate(values) if value in _TARS), None)
        if at is not None:
            is_entrypoint = "--entrypoint" in (values[at - 1], words[at].value.partition("=")[0])
            yield _read_tar(_after_image(values[at + 1 :]) if is_entrypoint else values[at + 1 :])


def _after_image(values: Sequence[str]) -> list[str]:
    """Return the arguments of a `docker run` for the program that `--entrypoint` names: they follow the image."""
    named = next(_without_options(values), None)
    return list(values[values.index(named) + 1 :]) if named is not None else []


def _read_tar(arguments: list[str]) -> Tar:
    modes, archive = "", None
    if arguments and not arguments[0].startswith("-"):  # the old style: `tar cvfz name`, each argument in its turn
        bundle, *arguments = arguments
        modes = re.sub("[^cx]", "", bundle)
        for letter in re.sub("[^bCfFgHIKLNTVX]", "", bundle):
            argument, *arguments = arguments or [""]
            archive = argument if letter == "f" else archive
    for argument, following in pairwise([*arguments, ""]):
        letters = _TAR_LETTERS.fullmatch(argument)
        if argument.startswith("--file"):
            archive = argument.partition("=")[2] or following
        elif argument in {"--create", "--extract", "--get"}:
            modes += "c" if argument == "--create" else "x"
        elif letters:
            modes += re.sub("[^cx]", "", letters["flags"] or "")
            archive = (letters["rest"] or following) if letters["last"] == "f" else archive
    return Tar({"c": "create", "x": "extract"}.get(modes[:1], "other"), archive or None)


def read_mounts(call: Call) -> Iterator[Mount]:
    """Read the `-v`, `--volume` and `--mount` of a `docker run`; the source of an anonymous volume is ""."""
    for word, following in zip_longest(call, call[1:]):
        if not {"run", "create"} & {docker_verb(call), compose_verb(call)} or word.value in _TARS:
            return  # the -v of a tar lists what it does
        option = _MOUNT_OPTION.fullmatch(word.raw)
        if not option:
            continue
        attached, at = option["attached"], option.start("attached")
        argument = Word(attached, word.start + at) if attached else following
        if argument:
            yield from _read_mount(argument, is_list=option["name"] == "--mount")


def volumes_asked_for(call: Call) -> list[Word]:
    """List the words of a `docker volume inspect` that may name a volume; no other command has any."""
    values = [word.value for word in call]
    if docker_verb(call) != "volume" or "inspect" not in values:
        return []
    return [word for word in call[values.index("inspect") + 1 :] if VOLUME_NAME.fullmatch(word.value)]


def named_containers(call: Call) -> list[str]:
    """List the services and containers that an `exec`, a `restart` or a `cp` names."""
    verb = compose_verb(call) or docker_verb(call) or ""
    values = [word.value for word in call]
    if verb not in {"exec", "restart", "stop", "start", "cp"} and compose_verb(call) != "run":
        return []
    after = values[values.index(verb) + 1 :]
    if verb == "cp":
        return [name.partition(":")[0] for name in after if re.match(r"[\w.-]+:/", name)]
    names = list(_without_options(after))
    return names[:1] if verb in {"exec", "run"} else names


def _without_options(words: Sequence[str]) -> Iterator[str]:
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in _TAKE_ARGUMENT
        else:
            yield word


def _read_mount(argument: Word, *, is_list: bool) -> Iterator[Mount]:
    searched_from = 0
    source = target = ""
    if is_list:
        keys = dict(part.partition("=")[::2] for part in argument.value.split(","))
        source = keys.get("source", keys.get("src", ""))
        target = keys.get("target", keys.get("destination", keys.get("dst", "")))
        key = re.search(r"\b(?:source|src)=", argument.raw)
        searched_from = key.end() if key else 0
    elif spec := _VOLUME_SPEC.fullmatch(argument.value):
        source, target = spec["source"], spec["target"]
    elif argument.value.startswith("/"):
        target = argument.value
    at = argument.raw.find(source, searched_from)
    if at < 0:  # quotes inside the name: it can't be edited in one place, so don't pass it off as plain
        source, at = argument.raw, 0
    if target:
        yield Mount(source, target, argument.start + at)
