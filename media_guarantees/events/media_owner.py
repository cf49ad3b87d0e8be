"""The owner of the media, and what a restore left for another one."""

from __future__ import annotations

from contextlib import suppress

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.stack import Stack
from media_guarantees.system.commands import CommandFailed

_OWNER = "stat -c %u ."
_CLEAN_UP = 'find . -mindepth 1 ! -uid "$1" -prune -exec rm -rf -- {} + && chown "$1" .'


class MediaOwner:
    """Who owns the media root of a stack when this is made: a server that starts as root writes as another user."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._uid = self._run(_OWNER)

    def give_back(self) -> None:
        """Remove what belongs to another user, and give the media root back: the next event is judged on its own."""
        if self._uid:
            self._run(_CLEAN_UP, self._uid)

    def _run(self, script: str, *args: str) -> str:
        """Return what a script prints; nothing where it can't run, as where no volume keeps the media."""
        from docker.errors import DockerException  # noqa: PLC0415 - not before an engine is asked

        with suppress(PromiseBroken, CommandFailed, DockerException):
            return self._stack.media.shell(script, *args).text
        return ""
