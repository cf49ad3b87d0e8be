"""A slot has one holder at a time, and records what the next run must remove if its holder is killed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from media_guarantees.engine import address_lease
from media_guarantees.engine.engine_slot import Slot, slots


def test_a_slot_is_held_by_one_run_at_a_time(slot: Slot) -> None:
    assert not Slot(slot.folder).take(), "two engines on one data root would destroy each other's images"


def test_a_released_slot_can_be_taken_by_another_run(slot: Slot) -> None:
    slot.release()
    other = Slot(slot.folder)

    assert other.take()
    other.release()


def test_releasing_twice_does_no_harm(slot: Slot) -> None:
    slot.release()
    slot.release()


@pytest.mark.parametrize(("made_by", "other"), [("", "26.1"), ("26.1", "")])
def test_no_engine_takes_over_what_one_of_another_version_left(tmp_path: Path, made_by: str, other: str) -> None:
    slot = Slot(tmp_path / "0")
    assert slot.take(made_by)
    slot.data_root.mkdir()
    slot.release()

    assert not slot.take(other), "an older engine can't be relied on to read what a newer one wrote"
    assert slot.take(made_by), "a slot that was refused must not stay locked"
    slot.release()


def test_a_slot_without_data_is_for_any_version(slot: Slot) -> None:
    slot.release()

    assert slot.take("26.1")
    assert slot.version == "26.1"


def test_a_slots_folder_is_private(slot: Slot) -> None:
    assert slot.folder.stat().st_mode & 0o077 == 0


def test_two_runs_at_once_get_two_slots(slot: Slot, tmp_path: Path) -> None:
    other = next(slot for slot in slots(tmp_path / "cache") if slot.take())

    assert (slot.number, other.number) == (0, 1)
    other.release()


def test_each_slot_has_addresses_and_cgroups_of_its_own(tmp_path: Path) -> None:
    several = list(slots(tmp_path))
    for slot in several:
        slot.folder.mkdir(parents=True)

    assert len(several) == len(address_lease.POOLS) == len({slot.cgroup for slot in several})


def test_two_engines_of_different_checkouts_never_hand_out_the_same_addresses(tmp_path: Path) -> None:
    here, there = (Slot(tmp_path / name / "0") for name in ("here", "there"))
    taken = [slot.take() for slot in (here, there)]

    claims = [slot.claim for slot in (here, there)]

    for slot in (here, there):
        slot.release()
    assert all(taken)
    assert not claims[0].pool.overlaps(claims[1].pool)
    assert not set(claims[0].ports) & set(claims[1].ports)


@pytest.mark.parametrize("ask", [lambda slot: slot.lock, lambda slot: slot.claim])
def test_a_slot_that_was_not_taken_gives_nothing(tmp_path: Path, ask: Callable[[Slot], object]) -> None:
    with pytest.raises(ValueError, match="a slot that was not taken"):
        ask(Slot(tmp_path / "0"))


def test_two_checkouts_do_not_share_cgroups(tmp_path: Path) -> None:
    here, there = (Slot(tmp_path / name / "0") for name in ("here", "there"))
    for slot in (here, there):
        slot.folder.mkdir(parents=True)

    assert here.cgroup != there.cgroup


def test_a_recorded_folder_survives_the_run(slot: Slot) -> None:
    slot.record_folder(Path("/tmp/media-verify-x"))

    assert Slot(slot.folder).recorded_folders() == [Path("/tmp/media-verify-x")]


def test_a_sweep_that_is_killed_keeps_its_record(slot: Slot) -> None:
    slot.record_folder(Path("/tmp/media-verify-first"))
    slot.record_folder(Path("/tmp/media-verify-second"))

    assert [folder.name for folder in slot.recorded_folders()] == ["media-verify-first", "media-verify-second"]


def test_a_cleared_record_is_gone_and_clearing_it_again_does_no_harm(slot: Slot) -> None:
    slot.record_folder(Path("/tmp/media-verify-x"))
    slot.clear_record()
    slot.clear_record()

    assert slot.recorded_folders() == []


@pytest.mark.parametrize("note", ["", '{"folders": ["/tmp/med', "{}"])
def test_an_unreadable_note_counts_as_none(slot: Slot, note: str) -> None:
    (slot.folder / "running.json").write_text(note)

    assert slot.recorded_folders() == []
