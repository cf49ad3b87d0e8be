"""Measure what checking an archive costs, beside `tar -dzf`: ``python -m bench.archive [FILES [BYTES]]``.

Makes so many files (100,000 of 2 GB in all, incompressible as pictures are) from a seed in a private folder, archives
them as the guide does, and runs each program on them in turn, twice. Takes minutes and twice the room; leaves nothing.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.programs import ROOT, Command, Cost, cost
from media_guarantees.system.run_id import run_folder, this_run

SEED = 20260101
POOL = 1 << 24  # bytes that the files are cut from
KINDS = ("avatars", "event_banners", "profile_pictures")
CHECK = (sys.executable, "-m", "media_guarantees", "check-archive")


class Planted(NamedTuple):
    """A folder of files, their archive as the guide's command makes it, and the manifest of that archive."""

    tree: Path
    archive: Path
    manifest: Path


def main(files: int = 100_000, total: int = 2_000_000_000) -> int:
    """Print a table; return 1 if a program failed."""
    run = this_run(shared=False)
    with run_folder(ROOT / ".cache", run) as folder, planted(files, total, folder) as where:
        best = cheapest(programs(where), turns=2)
    print(f"{files} files, {total / 1e9:g} GB, the better of two runs on {os.cpu_count()} processors")
    print(f"{'':36} {'clock':>7} {'processors':>11} {'memory':>8} {'times as fast':>14}")
    for name, (seconds, processor, memory) in best.items():
        ratio = best["tar -dzf"].seconds / seconds
        print(f"{name:36} {seconds:6.1f}s {processor:10.1f}s {memory:5.0f} MB {ratio:14.1f}")
    return 0


@contextmanager
def planted(files: int, total: int, place: Path) -> Iterator[Planted]:
    """Make files of `total` bytes, their archive and its manifest in a folder below `place`; remove it at the end."""
    with TemporaryDirectory(dir=place) as folder:
        names = ("volume", "media_backup_20260101.tar.gz", "manifest.json")
        where = Planted(*(Path(folder, name) for name in names))
        plant(where.tree, files, total)
        subprocess.run(["tar", "-czf", where.archive, "-C", where.tree, "."], check=True)
        saved: Command = (*CHECK, f"--save={where.manifest}", where.archive)
        subprocess.run(saved, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        yield where


def programs(where: Planted) -> dict[str, Command]:
    """Return the programs that compare an archive with something, or read it."""
    return {
        "tar -dzf": ("tar", "-dzf", where.archive, "-C", where.tree),
        "check-archive": (*CHECK, where.archive),
        "check-archive AGAINST=manifest.json": (*CHECK, f"--against={where.manifest}", where.archive),
    }


def cheapest(
    commands: Mapping[str, Command], *, turns: int, environment: Mapping[str, str] | None = None
) -> dict[str, Cost]:
    """Run each command `turns` times, in turns, and return the fastest run of each: the others were disturbed."""
    costs = [{name: cost(command, environment) for name, command in commands.items()} for _ in range(turns)]
    return {name: min(run[name] for run in costs) for name in commands}


def plant(tree: Path, files: int, total: int) -> None:
    """Make files of very different sizes."""
    rng = random.Random(SEED)
    pool = rng.randbytes(POOL)
    for number in range(files):
        folder = tree / KINDS[number % 3] / f"{number // 1000:03}"
        folder.mkdir(parents=True, exist_ok=True)
        size = int(total / files * rng.uniform(0.2, 1.8))
        start = rng.randrange(POOL - size)
        (folder / f"picture {number}.jpg").write_bytes(pool[start : start + size])


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
