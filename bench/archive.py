"""What it costs to check an archive, beside what `tar -dzf` costs: ``python -m bench.archive [FILES [BYTES]]``.

Makes so many files (100,000 of 2 GB in all, incompressible as pictures are) from a seed in a private folder, archives
them as the guide does, and runs each program on them in turn, twice. Takes minutes and twice the room; leaves nothing.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SEED = 20260101
POOL = 1 << 24  # bytes that the files are cut from
KINDS = ("avatars", "event_banners", "profile_pictures")
CHECK = [sys.executable, "-m", "fixtures.lib.check_archive"]


class Cost(NamedTuple):
    """What a program took: seconds on the clock and of processors, and the most memory in MB."""

    seconds: float
    processor: float
    memory: float


def main(files: int = 100_000, total: int = 2_000_000_000) -> int:
    """Print a table; return 1 where a program didn't end well."""
    with tempfile.TemporaryDirectory(prefix="media-verify-bench-") as folder:
        tree, archive = Path(folder, "volume"), Path(folder, "media_backup_20260101.tar.gz")
        manifest = Path(folder, "manifest.json")
        plant(tree, files, total)
        subprocess.run(["tar", "-czf", archive, "-C", tree, "."], check=True)
        subprocess.run([*CHECK, f"--save={manifest}", archive], check=True, cwd=ROOT)
        programs = {
            "tar -dzf": ["tar", "-dzf", archive, "-C", tree],
            "check-archive": [*CHECK, archive],
            "check-archive AGAINST=manifest.json": [*CHECK, f"--against={manifest}", archive],
        }
        costs = [{name: cost(command) for name, command in programs.items()} for _ in range(2)]
    best = {name: min(run[name] for run in costs) for name in programs}
    print(f"{files} files, {total / 1e9:g} GB, the better of two runs on {os.cpu_count()} processors")
    print(f"{'':36} {'clock':>7} {'processors':>11} {'memory':>8} {'times as fast':>14}")
    for name, (seconds, processor, memory) in best.items():
        ratio = best["tar -dzf"].seconds / seconds
        print(f"{name:36} {seconds:6.1f}s {processor:10.1f}s {memory:5.0f} MB {ratio:14.1f}")
    return 0


def plant(tree: Path, files: int, total: int) -> None:
    """Make the files, of very different sizes."""
    rng = random.Random(SEED)
    pool = rng.randbytes(POOL)
    for number in range(files):
        folder = tree / KINDS[number % 3] / f"{number // 1000:03}"
        folder.mkdir(parents=True, exist_ok=True)
        size = int(total / files * rng.uniform(0.2, 1.8))
        start = rng.randrange(POOL - size)
        (folder / f"picture {number}.jpg").write_bytes(pool[start : start + size])


def cost(command: list[str | Path]) -> Cost:
    """Run a program to its end, which must be a good one."""
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
