"""Whether the service serves what is in its volume. Requests come from inside its network: no published port is needed.

A helper container in the network namespace of the service's container sends HTTP requests to 127.0.0.1, as a browser
would. Nothing is executed in the service's own container.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import IO
from urllib.parse import quote_from_bytes

from media_guarantees.core.text import readable_size
from media_guarantees.deployment.namespace_http import parsed
from media_guarantees.gate.volume_scan import VolumeScan
from media_guarantees.system import commands

ASKED = 20  # pictures
LARGEST = 32 * 1024 * 1024  # bytes of a picture that is asked for

_OVERHEAD = 64 * 1024  # bytes of an answer that are no picture: status line, headers, the framing of chunks
_SECONDS = 60  # of an answer

# "$1" is the port, "$2" the seconds that an answer may take. Standard input holds, for each request, how many bytes of
# an answer are kept, and the request. Each answer is preceded by its length. A service that never stops sending can
# fill neither this container's disk nor the memory of who reads along.
_ASK = r"""
while IFS= read -r -d '' most && IFS= read -r -d '' request; do
    export most request
    answer=$(mktemp) || exit
    timeout "$2" bash -c '
        exec 3<> "/dev/tcp/127.0.0.1/$1" && printf %s "$request" >&3 && head -c "$most" <&3
    ' ask "$1" > "$answer" 2> /dev/null
    stat --printf '%s\0' "$answer" && cat "$answer" && rm "$answer"
done
"""


def choose(scan: VolumeScan, seed: int) -> list[bytes]:
    """Choose the pictures to request; the same files and the same seed give the same choice."""
    held = [path for path in scan.files if scan.entries[path][:2] != b"- " and path not in scan.unstable]
    small = [path for path in held if int(scan.entries[path].split(b" ", 3)[2]) <= LARGEST]
    return small if len(small) <= ASKED else sorted(random.Random(seed).sample(small, ASKED))  # noqa: S311


def served_as_held(
    beside: Sequence[str], port: int, paths: Sequence[bytes], scan: VolumeScan, env: Mapping[str, str]
) -> dict[bytes, str]:
    """Request each path below ``/media/``; return what is wrong with each answer, "" for the volume's own bytes.

    `beside` runs a program in the network namespace of the service's container, which listens on `port`.
    """
    held = {path: scan.entries[path] for path in paths}
    requests = b"".join(b"%d\0%s" % (_most(line), _request(path)) for path, line in held.items())
    seconds = commands.TIMEOUT + len(held) * _SECONDS
    with tempfile.TemporaryFile() as answers:
        asking = [*beside, "bash", "-c", _ASK, "ask", str(port), str(_SECONDS)]
        commands.check(asking, env=env, stdin=requests, into=answers, timeout=seconds)
        answers.seek(0)
        return {path: _fault(_next_answer(answers), line) for path, line in held.items()}


def _most(line: bytes) -> int:
    """Return how many bytes of an answer are kept; a picture sent in small chunks takes twice its size at most."""
    return 2 * int(line.split(b" ", 3)[2]) + _OVERHEAD


def _next_answer(answers: IO[bytes]) -> bytes:
    length = bytearray()
    while digit := answers.read(1).rstrip(b"\0"):
        length += digit
    return answers.read(int(length or b"0"))


def _request(path: bytes) -> bytes:
    head = (f"GET /media/{quote_from_bytes(path)} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", "", "\0")
    return "\r\n".join(head).encode()


def _fault(answer: bytes, line: bytes) -> str:
    if len(answer) >= _most(line):
        return f"answered with more than {readable_size(_most(line))}, for {readable_size(int(line.split(b' ', 3)[2]))}"
    if not answer.startswith(b"HTTP/"):
        return "no answer"
    try:
        response = parsed(answer)
    except HTTPException as error:
        return f"no whole answer ({type(error).__name__})"
    if response.status != 200:
        return f"answered {response.status}"
    return "" if hashlib.sha256(response.data).hexdigest() == line[:64].decode() else "other bytes"
