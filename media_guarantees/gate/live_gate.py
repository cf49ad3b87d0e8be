"""The deploy gate on a live server: it reads the service and its media, records them, and compares them afterwards."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.gate.baseline import Baseline, write_baseline
from media_guarantees.gate.compare import Comparison, compare
from media_guarantees.gate.gate_settings import FULL, GateSettings
from media_guarantees.gate.live_deployment import Live, Replica, Volume
from media_guarantees.gate.served_check import choose, served_as_held
from media_guarantees.gate.volume_scan import Choice, VolumeScan, is_file


@dataclass
class Gate:
    """The gate on a live service."""

    live: Live
    settings: GateSettings
    _now: VolumeScan | None = field(default=None)

    def expect_one_volume(self) -> Volume:
        """Return the one volume behind the media root of all replicas. Raises `PromiseBroken` otherwise."""
        volumes = {replica.name: self.live.volume_of(replica) for replica in self.live.replicas}
        folders = {replica.name: self.live.folder_of(replica) for replica in self.live.replicas}
        places = {
            name: f"{volume}" + (f", folder {folders[name]}" if folders[name] else "")
            for name, volume in volumes.items()
        }
        if len(set(places.values())) > 1:
            differing = "volumes" if len(set(map(str, volumes.values()))) > 1 else "folders of their volume"
            each = "; ".join(f"{name}: {place}" for name, place in places.items())
            raise PromiseBroken(
                f"the containers of {self.live.service} keep their media in different {differing}: {each}",
                means="which pictures people see depends on which container answers them",
                next_step="deploy all of them from one compose file",
            )
        return next(iter(volumes.values()))

    @property
    def folder(self) -> str:
        """Where the media lie in their volume; "" for its root."""
        return self.live.folder_of(self.live.replicas[0])

    def expect_unshadowed(self, replica: Replica, before: Baseline) -> None:
        """Raise `PromiseBroken` where a container sees something else at the media root, or at a part of it."""
        if points := self.live.overmounts(replica):
            raise PromiseBroken(
                f"in {replica.name}, {', '.join(points)} is mounted over the volume",
                means="the media there are hidden, and new uploads there are in no backup",
                next_step=f"take the mount at {points[0]} out of the compose file",
            )
        then = {self.live.mount_root(each) for each in before.replicas} - {""}
        now = self.live.mount_root(replica)
        if self.live.volume_of(replica) == before.volume and now and then and now not in then:
            raise PromiseBroken(
                f"{replica.name} sees {now} at {self.live.media_root}; before the deploy, {', '.join(sorted(then))}",
                means="the media are hidden, and new uploads go elsewhere",
                next_step=f"docker inspect --format '{{{{json .HostConfig}}}}' {replica.name}",
            )

    def scan(self, baseline: Baseline | None = None) -> VolumeScan:
        """Scan the volume, once; a quick scan reads what the record from before the deploy suggests."""
        if self._now is None:
            self._now = self.fresh_scan(self._choice(baseline))
        return self._now

    def fresh_scan(self, choose: Choice | None = None) -> VolumeScan:
        """Scan the volume now: all contents, or the chosen ones."""
        volume = self.expect_one_volume().name
        journal.progress(f"manifest: reading {volume}")
        begun = time.monotonic()
        scan = self.live.scan(volume, self.folder, choose)
        journal.progress(
            f"manifest: {len(scan.entries):,} entries, {scan.hashed:,} contents, {time.monotonic() - begun:.1f} s"
        )
        return scan

    def _choice(self, baseline: Baseline | None) -> Choice | None:
        if self.settings.manifest == FULL:
            return None
        return lambda seen: (
            draw_sample(seen, self.settings) if baseline is None else suspects(seen, baseline, self.settings)
        )

    def record(self) -> Baseline:
        """Record the service and its media."""
        volume, replicas, scan = self.expect_one_volume(), self.live.replicas, self.scan()
        served = self.asked(replicas[:1], choose(scan, self.settings.seed), scan)
        baseline = Baseline(
            recorded=time.time(),
            engine=self.live.engine_id,
            service=self.live.service,
            media_root=self.live.media_root,
            mode=self.settings.manifest,
            sample=self.settings.sample,
            seed=self.settings.seed,
            replicas=replicas,
            volume=volume,
            user=self.live.user(replicas[0].identifier),
            served=tuple(os.fsdecode(path) for path, fault in served.items() if not fault),
        )
        return write_baseline(baseline, scan, self.settings.state)

    def asked(self, replicas: Sequence[Replica], paths: Sequence[bytes], scan: VolumeScan) -> dict[bytes, str]:
        """Request pictures from the service that serves them; return what is wrong with each answer."""
        server, _, port = self.settings.media_server.partition(":")
        if server:
            endpoints = [(each["Id"], int(port or 80)) for each in self.live.running(server)]
        else:
            endpoints = [(each.identifier, each.ports[0]) for each in replicas if each.ports]
        faults = {} if endpoints else dict.fromkeys(paths, "can't be requested: no port is known")
        if any(scan.entries[path].startswith(b"- ") for path in paths):
            scan = self.fresh_scan(lambda _: paths)
        for container, number in endpoints if paths else ():
            beside = self.live.network_helper(container)
            answers = served_as_held(beside, number, paths, scan, self.live.engine.environment)
            faults = {path: faults.get(path) or fault for path, fault in answers.items()}
        return faults

    def compare(self, baseline: Baseline) -> Comparison:
        """Compare the volume with the record from before the deploy."""
        now = self.scan(baseline)
        user = self.live.user(self.live.replicas[0].identifier)
        return compare(baseline.lines(), now, users=(baseline.user, user), removed=self.settings.is_declared())


def draw_sample(seen: VolumeScan, settings: GateSettings) -> Collection[bytes]:
    """Draw the files whose contents a quick scan reads before a deploy."""
    files = seen.files
    return random.Random(settings.seed).sample(files, min(settings.sample, len(files)))  # noqa: S311


def suspects(seen: VolumeScan, baseline: Baseline, settings: GateSettings) -> Collection[bytes]:
    """Choose the files whose contents a quick scan reads after a deploy: a sample, and all that look changed.

    Only contents that were read before can be compared.
    """
    known = [(path, line) for path, line in baseline.lines() if is_file(line) and not line.startswith(b"- ")]
    sample = random.Random(settings.seed).sample(known, min(settings.sample, len(known)))  # noqa: S311
    others = {path for path, line in known if seen.entries.get(path, b"- ")[2:] != line.partition(b" ")[2]}
    return {path for path, _ in sample} | (others & seen.entries.keys())
