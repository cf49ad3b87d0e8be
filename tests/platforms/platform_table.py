"""Well-known platforms, each sound and with its likeliest faults, and what must come out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

# Each start of these takes seconds of a processor's time, and there are dozens in a run.
RUN_SECONDS = 3600

LAYOUT = frozenset({"layout.avatars", "layout.event_banners", "layout.profile_pictures"})
MIGRATION = frozenset({"migration.complete", "migration.idempotent", "migration.preserves", "migration.refuses"})
BACKUP = frozenset({"backup.created", "backup.complete", "backup.harmless", "backup.under_load", "backup.fails_loudly"})
RESTORE = frozenset({"restore.disaster", "restore.repair", "restore.idempotent", "portability.another_host"})
LOST_VOLUME = frozenset({"restore.disaster", "portability.another_host"})
PERSISTENCE = frozenset(
    f"persistence.{event}"
    for event in ("recreate", "update", "down_up", "kill", "engine_restart", "host_crash", "acknowledged")
)
# Everything that asks what keeps the media.
NO_VOLUME = (
    BACKUP
    | RESTORE
    | PERSISTENCE
    | {"volume.dedicated", "volume.mounted", "volume.receives_uploads"}
    | {"troubleshooting.permissions", "troubleshooting.restart", "restore.rejects_damage"}
)
# The guide's commands ask for the volume that they name, and end without it.
NO_SUCH_VOLUME = BACKUP | RESTORE | {"volume.dedicated"}
OWNER_LOST = LOST_VOLUME | {"restore.repair", "restore.rejects_damage"}


class Platform(NamedTuple):
    """A platform by the name of its folder here, how it is named to the suite, and what must come out of it sound.

    What is neither `broken` nor `unproven` must be proved. `volume` is the one of the media. `without_volume` is what
    else is broken where the media root is in no volume.
    """

    name: str
    service: str
    media_root: str
    volume: str
    unproven: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    without_volume: frozenset[str] = frozenset()

    @property
    def options(self) -> tuple[str, ...]:
        """The options with which the suite verifies it, but for the paths."""
        return (f"--service={self.service}", f"--media-root={self.media_root}")


class Fault(NamedTuple):
    """Something wrong with a platform, by a name; `apply` changes the folder of one. `breaks` is beyond what is so."""

    name: str
    apply: Callable[[Path, Platform], None]
    breaks: frozenset[str]
    says: tuple[str, ...]

    def verdicts(self, platform: Platform) -> frozenset[str]:
        """Return what must be broken of a platform that has this fault."""
        without = platform.without_volume if self.breaks >= NO_VOLUME else frozenset()
        return platform.broken | self.breaks | without


# None has a migration or directories of ours, and none calls fsync before it answers, which goes beyond the guide.
UNPROVEN = LAYOUT | MIGRATION
# A platform that writes to nothing but a disk takes no picture then, and nothing can be seen of it that takes one.
TAKES_NONE = frozenset({"simplicity.self_contained", "troubleshooting.inspect"})
# Where all pictures lie in the media root itself, a listing has no directories to show.
FLAT = frozenset({"troubleshooting.inspect"})
BEYOND = frozenset({"beyond.power_loss"})

PLATFORMS = (
    Platform("wagtail", "web", "/app/media", "wagtail_media", unproven=UNPROVEN, broken=BEYOND),
    Platform("mediawiki", "wiki", "/var/lib/mediawiki/images", "mediawiki_images", unproven=UNPROVEN, broken=BEYOND),
    Platform(
        "copyparty",
        "files",
        "/w",
        "copyparty_files",
        unproven=UNPROVEN | FLAT,
        broken=BEYOND,
        without_volume=TAKES_NONE,
    ),
)


def _replace(folder: Path, name: str, old: str, new: str) -> None:
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file} doesn't say {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def _mount_elsewhere(folder: Path, platform: Platform) -> None:
    """Mount the volume beside the media root: what people upload is in the container's own layer."""
    _replace(folder, "compose.yml", f":{platform.media_root}\n", f":{platform.media_root}_volume\n")


def _rename_volume(folder: Path, platform: Platform) -> None:
    """Leave out the volume's literal name: Compose puts the project's before it."""
    _replace(folder, "compose.yml", f"    name: {platform.volume}\n", "")


def _restore_as_root(folder: Path, _: Platform) -> None:
    """Restore what is in the archive with whoever restores, root, as its owner."""
    _replace(folder, "GUIDE.md", "tar --numeric-owner -xzf", "tar --no-same-owner -xzf")


FAULTS = (
    Fault("uploads outside the volume", _mount_elsewhere, NO_VOLUME, ("nothing is mounted at {media_root}",)),
    Fault("volume under another name", _rename_volume, NO_SUCH_VOLUME, ("the media are in {name}_{volume}",)),
    Fault("owner wrong after restore", _restore_as_root, OWNER_LOST, ("owner",)),
)
