"""The drill of a backup that is already there, on a server that people use: sound, and with a picture missing."""

from __future__ import annotations

import json
import random
import tarfile
import time
from pathlib import Path

from owner import Owner

from media_guarantees.guide.reader import read_guide
from media_guarantees.media.sample_pictures import fresh_sample, make_samples
from media_guarantees.system import commands

OF_ARCHIVE = ("backup.complete", "backup.fresh", "backup.retained", "restore.disaster")


def back_up(owner: Owner) -> Path:
    """Type the guide's backup command, as cron does; return the archive."""
    (owner.folder / "backups").mkdir(exist_ok=True)
    script = read_guide(owner.guide).step("backup").script
    commands.check(["bash", "-c", script], cwd=owner.folder, env=owner.environment)
    (archive,) = (owner.folder / "backups").iterdir()
    return archive


def without_its_oldest_avatar(archive: Path) -> str:
    """Pack an archive again without the oldest avatar; return that one's name."""
    other = archive.with_suffix(".new")
    with tarfile.open(archive) as whole, tarfile.open(other, "w:gz", format=tarfile.GNU_FORMAT) as cut:
        members = whole.getmembers()
        avatars = [each for each in members if each.isreg() and each.name.startswith("./avatars/")]
        left_out = min(avatars, key=lambda each: each.mtime)
        for each in members:
            if each is not left_out:
                cut.addfile(each, whole.extractfile(each) if each.isreg() else None)
    other.replace(archive)
    return left_out.name.removeprefix("./")


def verdicts(owner: Owner) -> dict[str, str]:
    return {each["id"]: each["verdict"] for each in owner.evidence()["guarantees"]}


def test_the_backup_of_last_night_is_restored_beside_the_volume_that_people_use(lasting_owner: Owner) -> None:
    archive = back_up(lasting_owner)
    lasting_owner.upload(make_samples(2)[0])
    begun = time.time()

    drilled = lasting_owner.make("restore-drill", ARCHIVE=str(archive.parent), MAX_AGE="26h", MIN_KEPT="1")

    assert drilled.returncode == 0, drilled.stdout
    assert verdicts(lasting_owner) == dict.fromkeys(OF_ARCHIVE, "proved"), drilled.stdout
    figures = lasting_owner.evidence()["figures"]
    assert figures["archives_kept"] == 1
    assert figures["since_files"] == 1
    assert figures["restore_seconds"] > 0
    until = f"--until={time.time():.6f}"
    printed = lasting_owner.docker("events", f"--since={begun:.6f}", until, "--format", "{{json .}}")
    events = [json.loads(line) for line in printed.splitlines()]
    mounts = [each["Actor"] for each in events if (each["Type"], each["Action"]) == ("volume", "mount")]
    live = [each["Attributes"]["read/write"] for each in mounts if each["ID"] == "media_volume"]
    assert live
    assert {*live} == {"false"}, "the live volume was mounted for writing"


def test_a_backup_on_the_server_without_a_picture_that_is_older_is_broken(lasting_owner: Owner) -> None:
    rng = random.Random(1)  # noqa: S311
    lasting_owner.upload(fresh_sample(rng, "avatars"))  # its directory is then newer than the others
    archive = back_up(lasting_owner)
    left_out = without_its_oldest_avatar(archive)

    drilled = lasting_owner.make("restore-drill", ARCHIVE=str(archive), SERVER=lasting_owner.environment["DOCKER_HOST"])

    assert drilled.returncode != 0, drilled.stdout
    assert verdicts(lasting_owner)["backup.complete"] == "broken", drilled.stdout
    assert f"1 file not in the archive, though in the volume before it was taken: '{left_out}'" in drilled.stdout
    assert verdicts(lasting_owner)["restore.disaster"] == "proved", "what is in the archive comes back"
