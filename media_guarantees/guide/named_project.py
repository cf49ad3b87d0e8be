"""The Compose project that a guide's commands name: its owner runs the deployment under that name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from media_guarantees.guide.parsing.docker_commands import Call, compose_verb, unwrapped
from media_guarantees.guide.parsing.shell_words import read_commands
from media_guarantees.guide.steps import Step

_OPTIONS = ("-p", "--project-name")


def named_project(steps: Iterable[Step]) -> str:
    """Return the one project that every call of Compose in `steps` names by ``-p``; "" where they don't agree.

    A guide that names it in some of its commands only is one whose other commands are about another project.
    """
    scripts = {text for step in steps for text in (step.script, step.body) if text}
    calls = [
        unwrapped(call) for script in sorted(scripts) for command in read_commands(script) for call in command.calls
    ]
    names = {next(_names(call), "") for call in calls if compose_verb(call)}
    return names.pop() if len(names) == 1 else ""


def _names(call: Call) -> Iterator[str]:
    """The names that stand before the verb: the same letter behind `run` is a port."""
    words = [word.value for word in call]
    options = words[: words.index(compose_verb(call) or "")]
    for at, word in enumerate(options):
        option, equals, value = word.partition("=")
        if option in _OPTIONS:
            yield value if equals else next(iter(options[at + 1 :]), "")
