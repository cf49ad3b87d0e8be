"""Whether the service hands out what is in its volume: asked inside its own network, where no port need be published.

A helper container in the network namespace of the service's container speaks HTTP to 127.0.0.1 there. It asks only for
what a browser would, and nothing is executed in the service's container.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from urllib.parse import quote_from_bytes

from media_guarantees.deployment.namespace_http import parsed
from media_guarantees.gate.volume_scan import Survey, is_file
from media_guarantees.system import commands

ASKED = 20  # pictures
LARGEST = 32 * 1024 * 1024  # bytes of a picture that is asked for

# "$1" is the port; each field of standard input is a request. Each answer is preceded by its length.
_ASK = r"""
while IFS= read -r -d '' request; do
    answer=$(mktemp) || exit
    { exec 3<> "/dev/tcp/127.0.0.1/$1" && printf '%s' "$request" >&3 && timeout 60 cat <&3 > "$answer"; } 2> /dev/null
    exec 3>&-
    stat --printf '%s\0' "$answer" && cat "$answer" && rm "$answer"
done
"""


def choose(survey: Survey, seed: int) -> list[bytes]:
    """Choose the pictures to ask for, the same ones for the same seed and the same files."""
    held = [path for path in survey.files if survey.entries[path][:2] != b"- " and path not in survey.moving]
    small = [path for path in held if int(survey.entries[path].split(b" ", 3)[2]) <= LARGEST]
    return small if len(small) <= ASKED else sorted(random.Random(seed).sample(small, ASKED))  # noqa: S311


def served_as_held(
    beside: Sequence[str], port: int, paths: Sequence[bytes], survey: Survey, env: Mapping[str, str]
) -> dict[bytes, str]:
    """Ask for each path below ``/media/``; tell of each what is wrong with the answer, "" for the volume's own bytes.

    `beside` runs a program in the network namespace of the service's container, which listens on `port`.
    """
    requests = b"".join(_request(path) for path in paths)
    asked = commands.check([*beside, "bash", "-c", _ASK, "ask", str(port)], env=env, stdin=requests)
    answers, rest = [], asked.stdout
    while rest:
        length, _, rest = rest.partition(b"\0")
        answers.append(rest[: int(length)])
        rest = rest[int(length) :]
    held = {path: survey.entries[path][:64].decode() for path in paths if is_file(survey.entries[path])}
    return {path: _fault(answer, held[path]) for path, answer in zip(paths, answers, strict=True)}


def _request(path: bytes) -> bytes:
    head = (f"GET /media/{quote_from_bytes(path)} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", "", "\0")
    return "\r\n".join(head).encode()


def _fault(answer: bytes, sha256: str) -> str:
    if not answer.startswith(b"HTTP/"):
        return "no answer"
    try:
        response = parsed(answer)
    except HTTPException as error:
        return f"no whole answer ({type(error).__name__})"
    if response.status != 200:
        return f"answered {response.status}"
    return "" if hashlib.sha256(response.data).hexdigest() == sha256 else "other bytes"
