"""Measure what the manifest of a live volume costs, beside the plainest way to hash its files: `make manifest-cost`.

Both run in a helper container on a private engine, in turns, on the same files. `bytes` is how long each file is.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from media_guarantees.engine import connection as engines
from media_guarantees.engine.base_images import UBUNTU, provide
from media_guarantees.engine.connection import Engine
from media_guarantees.gate.baseline import Baseline, write_baseline
from media_guarantees.gate.compare import compare
from media_guarantees.gate.gate_settings import QUICK, GateSettings
from media_guarantees.gate.live_deployment import Live, Volume
from media_guarantees.gate.live_gate import draw_sample, suspects
from media_guarantees.gate.volume_scan import VolumeScan, scan_volume
from media_guarantees.system import commands
from media_guarantees.system.run_id import this_run

ROOT = Path(__file__).parents[1]
PLAIN = "find . -type f -print0 | xargs -0 -P2 sha256sum > /dev/null"
FOLDERS = 100


def main() -> int:
    """Measure each requested size; print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="+", metavar="FILES:BYTES", help="e.g. 100000:20000")
    parser.add_argument("--turns", type=int, default=3, help="how often each is timed; the median counts")
    asked = parser.parse_args()
    print("files      bytes each  plain s   full s  ratio  quick s  compare s  peak MB")
    with engines.private(ROOT / ".cache") as engine:
        provide(UBUNTU, engine.docker, ROOT / ".cache")
        for size in asked.sizes:
            files, _, length = size.partition(":")
            with volume_of(engine, int(files), int(length or 1)) as volume:
                print(measured(engine, volume, asked.turns, int(files), int(length or 1)), flush=True)
    return 0


@contextmanager
def volume_of(engine: Engine, files: int, length: int) -> Iterator[str]:
    """Fill a volume of the private engine, whose folder is on this host, with files of random bytes."""
    name = f"bench-{files}"
    commands.check(["docker", "volume", "create", name], env=engine.environment)
    mountpoint = commands.check(
        ["docker", "volume", "inspect", "--format", "{{.Mountpoint}}", name], env=engine.environment
    )
    for folder in range(FOLDERS):
        place = Path(mountpoint.text) / f"folder-{folder:03}"
        place.mkdir()
        for number in range(folder, files, FOLDERS):
            (place / f"picture number {number:07}.jpg").write_bytes(os.urandom(length))
    try:
        yield name
    finally:
        commands.check(["docker", "volume", "rm", name], env=engine.environment)


def measured(engine: Engine, volume: str, turns: int, files: int, length: int) -> str:
    """Time the plain way, the full manifest, the quick one and a comparison, one after the other."""
    live = Live(engine, this_run(shared=False), service="none", media_root="/media")
    reader, env = live.volume_helper(volume), engine.environment
    quick = GateSettings(state=Path(), manifest=QUICK)
    seen: list[VolumeScan] = []
    took: dict[str, list[float]] = {"plain": [], "full": [], "quick": []}
    ways: dict[str, Callable[[], object]] = {
        "plain": lambda: commands.check(reader(["bash", "-c", PLAIN]), env=env, timeout=7200),
        "full": lambda: seen.append(scan_volume(reader, env)),
        "quick": lambda: scan_volume(reader, env, choose=lambda scan: draw_sample(scan, quick)),
    }
    subprocess.run(reader(["bash", "-c", PLAIN]), env=dict(env), check=True)  # so that all start with the same caches
    for _ in range(turns):
        for way, do in ways.items():
            seen.clear()
            begun = time.monotonic()
            do()
            took[way].append(time.monotonic() - begun)
            if way == "full" and (len(seen[0].entries), seen[0].hashed) != (files + FOLDERS + 1, files):
                sys.exit(f"the manifest holds {len(seen[0].entries)} entries, {seen[0].hashed} contents")
    seen.append(scan_volume(reader, env))
    record = recorded(seen.pop())
    now = scan_volume(reader, env, choose=lambda scan: suspects(scan, record, quick))
    begun = time.monotonic()
    if compare(record.lines(), now).counts:
        sys.exit("nothing changed, and the comparison says otherwise")
    compared = time.monotonic() - begun
    record.source.unlink()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    plain, full, fast = (statistics.median(took[way]) for way in ("plain", "full", "quick"))
    seconds = f"{plain:7.1f}  {full:7.1f}  {full / plain:5.2f}  {fast:7.1f}  {compared:9.1f}"
    return f"{files:<10} {length:<11} {seconds}  {peak:7.0f}"


def recorded(scan: VolumeScan) -> Baseline:
    """Write a record of a scan, as before a deploy."""
    empty = Baseline(0.0, "", "", "", "full", 0, 0, (), Volume("", "", "", {}), None, ())
    return write_baseline(empty, scan, ROOT / ".cache" / "bench.media")


if __name__ == "__main__":
    sys.exit(main())
