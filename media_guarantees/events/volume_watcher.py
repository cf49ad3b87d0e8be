"""A helper container that stays open on the volume, so that a file can be checked as soon as an answer arrives."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from media_guarantees.media.media_volume import VolumeMedia
from media_guarantees.system import commands

_SCRIPT = r"""
echo watching
while IFS= read -r -d '' path; do
    if sum=$(sha256sum < "./$path"); then printf '%s\n' "${sum%% *}"; else echo missing; fi
done 2> /dev/null
"""


class Watcher:
    """Answers, within milliseconds, what a file in the volume holds now."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def sha256(self, path: str) -> str | None:
        """Return the SHA-256 of the file at `path`, relative to the volume's root; None if there is none."""
        answer = self._ask(path.encode() + b"\0")
        return None if answer == "missing" else answer

    def wait_until_open(self) -> None:
        """Wait until the helper container is up."""
        self._ask(b"")

    def _ask(self, question: bytes) -> str:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise ValueError("the watcher's process must have pipes")
        with suppress(BrokenPipeError):  # a container that ended gives no answer, which is reported below
            stdin.write(question)
            stdin.flush()
        if answer := stdout.readline():
            return answer.decode().strip()
        raise commands.CommandFailed(
            commands.Outcome(("docker", "run"), self._process.wait(), b"", b"the watching container ended", 0.0)
        )


@contextmanager
def watching(media: VolumeMedia) -> Iterator[Watcher]:
    """Run a container that mounts only the volume, read-only, while the block lasts."""
    arguments = media.helper_command("bash", "-c", _SCRIPT, interactive=True)
    process = subprocess.Popen(
        arguments, env=dict(media.environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        watcher = Watcher(process)
        watcher.wait_until_open()
        yield watcher
    finally:
        # The end of its input ends the loop, and so the container.
        commands.end_group(process, politely=False)
