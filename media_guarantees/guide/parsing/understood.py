"""Which commands are typed on an engine that is not the run's own: those of which every word is known to be harmless.

Where no namespace confines the shell, what a command reaches has to be read in the command itself. So one word that is
not known here is reason enough not to type it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from media_guarantees.guide.parsing.docker_commands import Call, compose_verb, docker_verb, program, read_mounts
from media_guarantees.guide.parsing.shell_words import Command, Word, read_commands

_FLAGS = {"--rm", "-i", "-t", "-it", "-ti", "--interactive", "--tty", "--init", "--read-only"}
_WITH_VALUE = {
    "-v", "--volume", "--mount", "-u", "--user", "-w", "--workdir", "-e", "--env", "--entrypoint", "--network", "--net",
    "--pull", "--memory", "-m", "--cpus", "--name", "--platform", "--hostname", "-h", "--label", "-l",
}  # fmt: skip
_NETWORKS = {"none", "bridge", "default"}
_HARMLESS_EXPANSION = re.compile(r"\$\(pwd\)|`pwd`|\$PWD|\$\{PWD\}|\$\(date\b[^()$`]*\)|`date\b[^`$]*`")
_PLAIN = {
    "command", "command_name", "command_substitution", "comment", "concatenation", "expansion", "file_descriptor",
    "file_redirect", "list", "number", "raw_string", "redirected_statement", "simple_expansion", "string",
    "string_content", "string_expansion", "variable_name", "word", "&&", "||", ";", "\n", ">", ">>", ">&", "&>", '"',
    "$", "\\",
}  # fmt: skip
_NOWHERE = {"/dev/null", "1", "2"}
_COMPOSE_VERBS = {"exec", "down", "up", "restart", "stop", "start", "ps", "logs", "config"}
_SHOWS_ONLY = {"echo", "ls", "mkdir", "pwd", "true"}
_PLAIN_PATH = re.compile(r"(?:\./)?[\w.-]+(?:/[\w.-]+)*/?|-\w+")


def not_understood(script: str, also: Sequence[str] = ()) -> str:
    """Say what of a script is not known to stay with the engine and the folder where it is typed; "" if nothing.

    `also` names programs that are known to be harmless.
    """
    reasons = (_reason(command, also) for command in read_commands(script))
    return next(filter(None, reasons), "")


def run_options(call: Sequence[Word]) -> Iterator[tuple[str, str]]:
    """Yield the options of a `docker run`, up to its image, each with its value; "" without one."""
    words = iter(word.value for word in call)
    while next(words, "run") != "run":
        pass
    for word in words:
        if not word.startswith("-"):
            return
        option, equals, value = word.partition("=")
        if (short := re.match(r"-[dit]*v", option)) and not option.startswith("--"):
            value, equals, option = (option[short.end() :] + equals + value).lstrip("="), "", "-v"
        if option in _WITH_VALUE and not value:
            value = next(words, "")
        yield option, value


def _reason(command: Command, also: Sequence[str]) -> str:
    if unknown := command.kinds - _PLAIN:
        name = max(sorted(unknown), key=len)  # the part that has a name, and not its signs
        return f"what the {name.replace('_', ' ')} in it does is not known here"
    for expansion in command.substitutions:
        if not _HARMLESS_EXPANSION.fullmatch(expansion):
            return f"what {expansion} stands for is not known here"
    for redirection in command.redirections:
        if redirection.target.value not in _NOWHERE:
            return f"it writes to {redirection.target.raw}"
    return next(filter(None, (_reason_of_call(call, also) for call in command.calls)), "")


def _reason_of_call(call: Call, also: Sequence[str]) -> str:
    words = [word.value for word in call]
    if words[0] in also or words[:3] in (["docker", "volume", "inspect"], ["docker", "image", "inspect"]):
        return ""
    if docker_verb(call) == "run" and words[:2] == ["docker", "run"]:
        return _reason_of_run(call)
    if verb := compose_verb(call):
        is_first = words.index(verb) == (2 if words[0] == "docker" else 1)
        return "" if is_first and verb in _COMPOSE_VERBS else f"it runs {' '.join(words[: words.index(verb) + 1])}"
    if program(call[0]) in _SHOWS_ONLY and words[0] in _SHOWS_ONLY:
        outside = [word for word in words[1:] if words[0] != "echo" and not _is_inside(word)]
        return f"it runs {words[0]} on {outside[0]}" if outside else ""
    return f"it also runs {' '.join(words[:3])}"


def _reason_of_run(call: Call) -> str:
    for option, value in run_options(call):
        if option not in _FLAGS | _WITH_VALUE:
            return f"what {option} does to the server is not known here"
        if option in {"--network", "--net"} and value not in _NETWORKS:
            return f"it joins the network {value}"
    for mount in read_mounts(call):
        if ".." in mount.source:
            return f"it mounts {mount.source}"
    return ""


def _is_inside(path: str) -> bool:
    return bool(_PLAIN_PATH.fullmatch(path)) and ".." not in path
