"""The guide's backup and restore commands, led away from what is live: another volume, another folder, nothing else.

On a live server a command is only typed once it is certain what it reaches. So it is read first; one that does more
than run a container on the guide's volume and the guide's folder of backups is refused, whatever it may be good for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from media_guarantees.engine.helper_container import label_arguments
from media_guarantees.guide.parsing.docker_commands import Call, Mount, docker_verb, read_mounts, unwrapped
from media_guarantees.guide.parsing.shell_words import read_commands
from media_guarantees.guide.parsing.understood import not_understood
from media_guarantees.guide.steps import Step

_OPTION = re.compile(r"-[dit]*v=?|--volume=|--mount=|")
_PLAIN_PATH = re.compile(r"/[\w./-]*")

Edit = tuple[int, int, str]  # from one offset to another, this text takes its place


class NotRunnableLive(Exception):  # noqa: N818 - named for what it tells
    """A command that a live server is not given; the message says why."""


def redirect(step: Step, *, media: str, backups: str, read_only: bool, labels: Mapping[str, str]) -> str:
    """Return the script of `step` with other volumes behind its mounts, and `labels` on its container.

    `media` takes the place of the named volume, for reading only where `read_only`; the volume `backups` that of the
    host's folder. Raises `NotRunnableLive` for a command that would reach anything else.
    """
    printed = step.core or step.script  # what stands around it prepares a person's folder, or stops the service
    if reason := not_understood(printed):
        raise _unfit(step, reason)
    calls = [unwrapped(call) for command in read_commands(printed) for call in command.calls]
    edits: list[Edit] = []
    for call in calls:
        if _only_asks(call):
            continue
        _expect_container_only(step, call)
        verb = next(word for word in call if word.value == "run")
        after = verb.start + len(verb.raw)
        edits.append((after, after, "".join(f" {argument}" for argument in label_arguments(labels))))
        for mount in read_mounts(call):
            source = media if mount.is_named_volume else backups
            edits.append(_edit(step, call, mount, source, read_only=read_only and mount.is_named_volume))
    script = printed
    for begin, end, text in sorted(edits, reverse=True):
        script = script[:begin] + text + script[end:]
    reached = {source for source, _ in Step(step.source, step.line, script, step.procedure).volumes}
    if reached != {media, backups}:
        raise _unfit(step, f"it mounts {' and '.join(sorted(reached)) or 'nothing'}, not one volume and one folder")
    return script


def _unfit(step: Step, why: str) -> NotRunnableLive:
    return NotRunnableLive(
        f"the guide's {step.procedure} command, line {step.line}, is not run on a live server: {why}"
    )


def _only_asks(call: Call) -> bool:
    """Whether a call is a `docker volume inspect` or `docker image inspect`: it makes nothing and changes nothing."""
    words = [word.value for word in call]
    return words[:1] == ["docker"] and words[1:3] in (["volume", "inspect"], ["image", "inspect"])


def _expect_container_only(step: Step, call: Call) -> None:
    if docker_verb(call) != "run":
        raise _unfit(step, f"it also runs {' '.join(word.value for word in call[:3])}")


def _edit(step: Step, call: Call, mount: Mount, source: str, *, read_only: bool) -> Edit:
    """Return what makes a mount one of the volume `source`, at the same place in the container."""
    at = next(number for number, word in enumerate(call) if word.start <= mount.start < word.start + len(word.raw))
    word = call[at]
    found = _OPTION.match(word.raw)
    option = found.group() if found else ""
    if not _PLAIN_PATH.fullmatch(mount.target):
        raise _unfit(step, f"it mounts something at {mount.target}")
    if "--mount" in (option.rstrip("="), call[at - 1].value):
        text = f"{option}type=volume,source={source},target={mount.target}{',readonly' * read_only}"
    else:
        text = f"{option}{source}:{mount.target}{':ro' * read_only}"
    return word.start, word.start + len(word.raw), text
