"""The record of a service and its media before a deploy, in a file that a later job reads.

The first line is JSON. The manifest follows, one entry after the other, each ended by NUL. The first line holds the
length and the hash of the rest, so that a file which an artifact store cut off is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from media_guarantees.core.errors import BadInput
from media_guarantees.core.files import replacing
from media_guarantees.deployment.compose.media_mount import Mount
from media_guarantees.deployment.container_proc import InnerMount, User
from media_guarantees.gate.live_deployment import Replica, Volume
from media_guarantees.gate.volume_scan import VolumeScan, is_file

FORMAT = "media before a deploy 2"
_PIECE = 1 << 20


@dataclass(frozen=True)
class Baseline:
    """The service and its media at one moment. `recorded` is seconds since the epoch.

    `mode` is ``full`` or ``quick``; `sample` and `seed` chose the contents that quick mode read. `moving` counts the
    unstable entries, which are not in it; `served` are paths that the service served, byte for byte.
    """

    recorded: float
    engine: str
    service: str
    media_root: str
    mode: str
    sample: int
    seed: int
    replicas: tuple[Replica, ...]
    volume: Volume
    user: User | None
    served: tuple[str, ...]
    entries: int = 0
    files: int = 0
    moving: int = 0
    size: int = 0
    sha256: str = ""
    source: Path = Path()

    def lines(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield each path of the manifest and its line."""
        with self.source.open("rb") as file:
            file.readline()
            rest = b""
            while piece := file.read(_PIECE):
                *whole, rest = (rest + piece).split(b"\0")
                for entry in whole:
                    path, _, line = entry.partition(b"//")
                    yield path, line


def write_baseline(baseline: Baseline, scan: VolumeScan, file: Path) -> Baseline:
    """Write a record with its scan; return it as written. Names of files are private: mode 0600."""
    file.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    size = 0
    kept = [path for path in scan.entries if path not in scan.unstable]
    for entry in _entries(scan, kept):
        digest.update(entry)
        size += len(entry)
    written = replace(
        baseline,
        entries=len(kept),
        files=sum(is_file(scan.entries[path]) for path in kept),
        moving=len(scan.unstable),
        size=size,
        sha256=digest.hexdigest(),
        source=file,
    )
    with replacing(file) as stream:
        stream.write(json.dumps({"format": FORMAT, **_encoded(written)}).encode() + b"\n")
        stream.writelines(_entries(scan, kept))
    return written


def _entries(scan: VolumeScan, paths: Iterable[bytes]) -> Iterator[bytes]:
    return (b"%s//%s\0" % (path, scan.entries[path]) for path in paths)


def read_baseline(file: Path, *, engine: str) -> Baseline:
    """Read a record of this `engine`. Raises `BadInput` for any other file."""
    try:
        with file.open("rb") as stream:
            fields = json.loads(stream.readline(_PIECE))
            digest = hashlib.sha256()
            while piece := stream.read(_PIECE):
                digest.update(piece)
        baseline = _decoded(fields, file)
    except FileNotFoundError:
        raise BadInput(
            f"there is no record of the media before the deploy at {file}",
            "run make before-deploy before the deploy, and hand its file on: STATE=…",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{file} is no record of the media before a deploy: {error}", "run make before-deploy") from None
    if digest.hexdigest() != baseline.sha256:
        raise BadInput(f"{file} is damaged: its manifest is not what was written", "hand it on whole, or record again")
    if baseline.engine != engine:
        raise BadInput(
            f"{file} was recorded on another engine than this one",
            "let both jobs reach the same server: DOCKER_HOST, a context, or SERVER=…",
        )
    return baseline


def _encoded(baseline: Baseline) -> dict[str, Any]:
    return {key: value for key, value in asdict(baseline).items() if key != "source"}


def _decoded(fields: dict[str, Any], file: Path) -> Baseline:
    if fields.pop("format") != FORMAT:
        raise ValueError("it has another format")
    user = fields["user"]
    return Baseline(
        **{
            **fields,
            "replicas": tuple(map(_replica, fields["replicas"])),
            "volume": Volume(**fields["volume"]),
            "user": None if user is None else User(user["uid"], tuple(user["gids"])),
            "served": tuple(fields["served"]),
            "source": file,
        }
    )


def _replica(fields: dict[str, Any]) -> Replica:
    inner = None if fields["inner"] is None else tuple(InnerMount(**each) for each in fields["inner"])
    mounts = tuple(Mount(**each) for each in fields["mounts"])
    return Replica(**{**fields, "ports": tuple(fields["ports"]), "mounts": mounts, "inner": inner})
