"""A migration is stopped after it wrote something into the volume; its options are read out of its own help."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_stack import manifest_of

from media_guarantees.core.waiting import DeadlineExceeded
from media_guarantees.events import migration_probe
from media_guarantees.events.migration_probe import overwriting_options, settled_manifest, stop_half_way
from media_guarantees.media.diff import NothingCompared
from media_guarantees.media.manifest import Manifest
from media_guarantees.media.media_volume import VolumeMedia
from media_guarantees.media.stable_scan import ChangedWhileReading
from media_guarantees.system.background_command import Background, started


@pytest.fixture(name="volume")
def _volume(tmp_path: Path) -> Path:
    """A volume that holds a picture already."""
    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / "old").write_bytes(b"old")
    return volume


# A migration begins to write when the volume was looked at for the first time, however long that takes.
LOOKED_AT = "until [ -e ../looked-at ]; do sleep 0.01; done"


def media_in(volume: Path) -> VolumeMedia:
    """The media of a volume in a folder; a look at them leaves a file beside it."""
    media = VolumeMedia(str(volume), cast("Any", None), os.environ, {}, is_local=True)

    def sizes() -> object:
        seen = media.sizes()
        (volume.parent / "looked-at").touch()
        return seen

    return cast("VolumeMedia", SimpleNamespace(sizes=sizes))


@pytest.fixture(name="migrate")
def _migrate(volume: Path) -> Iterator[Any]:
    """Starts a shell script in the volume."""
    running: list[Any] = []

    def start(script: str) -> Background:
        context = started(["bash", "-c", script], cwd=volume, env=dict(os.environ))
        running.append(context)
        return context.__enter__()

    yield start
    for context in running:
        context.__exit__(None, None, None)


def test_it_is_stopped_once_something_is_in_the_volume_whatever_it_prints(migrate: Any, volume: Path) -> None:
    process = migrate(f"{LOOKED_AT}; echo x > new; sleep 60; echo y > newer")

    stop_half_way(process, media_in(volume))

    assert (volume / "new").exists()
    assert not (volume / "newer").exists()
    assert process.running


def test_a_file_that_grows_is_seen_too(migrate: Any, volume: Path) -> None:
    process = migrate(f"{LOOKED_AT}; echo x >> old; sleep 60")

    stop_half_way(process, media_in(volume))

    assert (volume / "old").read_bytes() == b"oldx\n"


def test_one_that_is_over_before_shows_nothing(migrate: Any, volume: Path) -> None:
    process = migrate("true")

    with pytest.raises(NothingCompared, match="over before it could be stopped in its middle"):
        stop_half_way(process, media_in(volume))


class Moving:
    """A stack that returns another manifest at each call, in the given order."""

    def __init__(self, *looks: Manifest | Exception) -> None:
        self._looks = iter(looks)

    @property
    def media(self) -> Moving:
        """The volume."""
        return self

    def manifest(self) -> Manifest:
        """Return, or raise, the next of them."""
        look = next(self._looks)
        if isinstance(look, Exception):
            raise look
        return look


def test_a_volume_is_settled_when_two_looks_agree() -> None:
    same = manifest_of(a="1")
    stack = Moving(same, ChangedWhileReading("moved"), same, manifest_of(b="2"), manifest_of(b="2"))

    assert settled_manifest(cast("Any", stack)) == manifest_of(b="2")


def test_a_volume_that_never_settles_is_a_broken_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration_probe, "SETTLE_SECONDS", 0.1)
    stack = Moving(*(manifest_of(a=str(number)) for number in range(1000)))

    with pytest.raises(DeadlineExceeded, match="nothing moves in the volume any more"):
        settled_manifest(cast("Any", stack))


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (
            "  --overwrite   replace files of the same name and other content; without it they are kept\n",
            {"--overwrite"},
        ),
        ("  -f, --force   overwrite what is there\n", {"-f", "--force"}),
        (
            "Use `--dry-run` para ver antes o que seria feito e `--overwrite`\npara substituir o conteúdo.",
            {"--overwrite"},
        ),
        ("  --no-clobber  never overwrite\n  --help\n", set()),
        ("Nada que a plataforma já tenha é sobrescrito com --dry-run.\n", set()),
        ("usage: migrate_media.sh (it takes no arguments)\n", set()),
        ("A merge-replace of files.\n", set()),
        ("  --dry-run   say what would be copied\n  --replace   take the host's\n", {"--replace"}),
    ],
)
def test_an_option_that_overwrites_is_found_where_words_say_so(text: str, options: set[str]) -> None:
    assert set(overwriting_options(text)) == options


def test_the_words_that_say_so_come_with_the_option() -> None:
    assert overwriting_options("", "* `--force`: replaces\n  everything.") == {
        "--force": "* `--force`: replaces   everything."
    }
