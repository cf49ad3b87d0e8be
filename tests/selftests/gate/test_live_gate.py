"""The gate says how it scanned, chooses what a quick scan reads, and compares what all containers mount."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.gate import live_gate as gate_module
from media_guarantees.gate.baseline import Baseline
from media_guarantees.gate.gate_settings import GateSettings
from media_guarantees.gate.live_deployment import Volume
from media_guarantees.gate.live_gate import Gate, draw_sample, suspects
from media_guarantees.gate.volume_scan import VolumeScan

SETTINGS = GateSettings(state=Path("before.media"))
OLD = b"ab f 3 644 0 0 1 2 1 1:2 "


def unread(line: bytes) -> bytes:
    return b"-" + line[line.index(b" ") :]


def record_of(lines: dict[bytes, bytes], **others: Any) -> Baseline:
    return cast("Baseline", SimpleNamespace(lines=lambda: iter(lines.items()), **others))


def test_a_quick_look_says_what_it_would_miss() -> None:
    assert SETTINGS.how == "full manifest: every content was read"
    assert "contents of 7 files drawn with seed 3" in replace(SETTINGS, manifest="quick", sample=7, seed=3).how
    assert "It would miss" in replace(SETTINGS, manifest="quick").how


def test_the_sample_is_drawn_from_the_seed() -> None:
    seen = VolumeScan({b"%d" % number: unread(OLD) for number in range(100)})

    sample = draw_sample(seen, replace(SETTINGS, sample=10))

    assert len(sample) == 10
    assert sample == draw_sample(seen, replace(SETTINGS, sample=10))
    assert sample != draw_sample(seen, replace(SETTINGS, sample=10, seed=2))


def test_what_looks_changed_and_was_read_before_is_read_again() -> None:
    before = {b"same": OLD, b"changed": OLD, b"gone": OLD, b"never read": unread(OLD)}
    now = VolumeScan(
        {b"same": unread(OLD), b"changed": b"- f 3 644 0 0 9 9 1 1:2 ", b"never read": b"- f 9 644 0 0 9 9 1 1:2 "}
    )

    assert set(suspects(now, record_of(before), replace(SETTINGS, sample=0))) == {b"changed"}


def test_a_seeded_sample_of_what_was_read_before_is_read_again() -> None:
    before = {b"%d" % number: OLD for number in range(100)}
    now = VolumeScan({path: unread(OLD) for path in before})

    assert len(set(suspects(now, record_of(before), replace(SETTINGS, sample=10)))) == 10


class FakeLive:
    """A service whose containers keep their media in the volumes named."""

    service = "web-project"
    media_root = "/media"

    def __init__(self, *volumes: str, overmounts: tuple[str, ...] = (), shown: str = "/v") -> None:
        self.replicas = [SimpleNamespace(name=f"c{number}", volume=name) for number, name in enumerate(volumes)]
        self._shadows, self._shown = overmounts, shown

    def volume_of(self, replica: Any) -> Volume:
        """Return the volume that the test has set."""
        return Volume(replica.volume, "yesterday", "local", {})

    def folder_of(self, replica: Any) -> str:
        """Return what the test has set, else the volume's root."""
        return getattr(replica, "folder", "")

    def overmounts(self, replica: Any) -> tuple[str, ...]:
        """Return what the test has set."""
        del replica
        return self._shadows

    def mount_root(self, replica: Any) -> str:
        """Return what was recorded of it, else what the test has set."""
        return getattr(replica, "shown", self._shown)


def gate_before(live: FakeLive) -> Gate:
    return Gate(cast("Any", live), SETTINGS)


def test_containers_with_one_volume_have_one() -> None:
    assert gate_before(FakeLive("media_volume", "media_volume")).expect_one_volume().name == "media_volume"


def test_containers_with_different_volumes_are_broken() -> None:
    with pytest.raises(PromiseBroken, match="c0: media_volume, made yesterday; c1: other, made yesterday"):
        gate_before(FakeLive("media_volume", "other")).expect_one_volume()


def test_containers_with_different_folders_of_a_volume_are_broken() -> None:
    live = FakeLive("html", "html")
    live.replicas[1].folder = "media"

    with pytest.raises(
        PromiseBroken, match=r"different folders .*: c0: html, .*; c1: html, made yesterday, folder media"
    ):
        gate_before(live).expect_one_volume()


def recorded_at(shown: str) -> Baseline:
    return record_of(
        {}, replicas=[SimpleNamespace(shown=shown)], volume=Volume("media_volume", "yesterday", "local", {})
    )


def test_a_volume_that_is_seen_whole_is_not_shadowed() -> None:
    live = FakeLive("media_volume")

    gate_before(live).expect_unshadowed(cast("Any", live.replicas[0]), recorded_at("/v"))


def test_a_mount_over_a_part_is_a_shadow() -> None:
    live = FakeLive("media_volume", overmounts=("/media/avatars",))

    with pytest.raises(PromiseBroken, match="/media/avatars is mounted over the volume"):
        gate_before(live).expect_unshadowed(cast("Any", live.replicas[0]), recorded_at("/v"))


def test_another_folder_of_the_same_volume_is_a_shadow() -> None:
    live = FakeLive("media_volume", shown="/v/sub")

    with pytest.raises(PromiseBroken, match="sees /v/sub at /media; before the deploy, /v"):
        gate_before(live).expect_unshadowed(cast("Any", live.replicas[0]), recorded_at("/v"))


def test_where_no_port_is_known_nothing_was_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "served_as_held", lambda *_: pytest.fail("there is no port to ask"))
    replica = SimpleNamespace(identifier="c1", ports=())

    faults = gate_before(FakeLive("media_volume")).asked(cast("Any", [replica]), [b"a"], VolumeScan({b"a": OLD}))

    assert faults == {b"a": "can't be requested: no port is known"}


def test_every_container_is_asked_and_one_fault_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = {8000: {b"a": "", b"b": ""}, 8001: {b"a": "answered 404", b"b": ""}}
    monkeypatch.setattr(gate_module, "served_as_held", lambda _beside, port, *_: faults[port])
    live = FakeLive("media_volume")
    live.network_helper = lambda _: []  # type: ignore[attr-defined]
    live.engine = SimpleNamespace(environment={})  # type: ignore[attr-defined]
    replicas = [SimpleNamespace(identifier="c", ports=(port,)) for port in faults]

    asked = gate_before(live).asked(cast("Any", replicas), [b"a", b"b"], VolumeScan({b"a": OLD, b"b": OLD}))

    assert asked == {b"a": "answered 404", b"b": ""}
