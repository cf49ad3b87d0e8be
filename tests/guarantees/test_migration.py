"""The guide's migration brings everything, overwrites nothing, and can be run again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from media_guarantees.core import journal
from media_guarantees.core.deferred import Deferred
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.stack import Stack
from media_guarantees.events.before_after import expect_same
from media_guarantees.events.migration_probe import overwriting_options
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.guide.reader import Guide
from media_guarantees.media.host_listing import read_directory
from media_guarantees.media.legacy_media import (
    BIG_NAME,
    CLASH_NAME,
    MEGABYTE,
    as_far_as_judged,
    as_migrated,
    lay_out_legacy,
    restricted,
)
from media_guarantees.media.manifest import Manifest
from media_guarantees.system import commands

complete = pytest.mark.guarantee("migration.complete")
idempotent = pytest.mark.guarantee("migration.idempotent")
preserves = pytest.mark.guarantee("migration.preserves")

SEED = 20190131
BIG_FILE = 200 * MEGABYTE


class Migration(NamedTuple):
    """A migration: how it ended, and the host's media and the volume before and after it."""

    outcome: commands.Outcome
    host_before: Manifest
    host_after: Manifest
    volume_before: Manifest
    volume: Manifest
    user: str

    @property
    def expected(self) -> Manifest:
        """What the volume must hold of the host's files."""
        uid, gid = self.user.split(":")
        due = as_migrated(self.host_before, self.volume_before, int(uid), int(gid))
        return as_far_as_judged(due, self.host_before, self.volume)

    @property
    def text(self) -> str:
        """What the migration printed."""
        return text_of(self.outcome)


def text_of(outcome: commands.Outcome) -> str:
    """Return what a command printed, on either stream."""
    return (outcome.stdout + outcome.stderr).decode(errors="replace")


@pytest.fixture(scope="module", name="media_folder")
def _media_folder(operator: Operator) -> Iterator[Path]:
    """The host's old `./media`, which the whole module migrates."""
    folder = operator.folder / "media"
    lay_out_legacy(folder, SEED, big_bytes=BIG_FILE)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module", name="first_migration")
def _first_migration(session_stack: Stack, operator: Operator, media_folder: Path) -> Iterator[Deferred[Migration]]:
    """The first migration. Its files are removed from the volume afterwards."""
    stack = session_stack
    before = read_directory(media_folder)
    volume_before: list[Manifest] = []

    def migrate() -> Migration:
        operator.step("migrate")
        stack.health.recover()
        volume_before.append(stack.media.manifest())
        with journal.step("event: the guide's migration, with a file of 200 MB"):
            outcome = operator.run("migrate")
        volume = stack.media.manifest()
        return Migration(
            outcome, before, read_directory(media_folder), volume_before[0], volume, stack.service_container.user()
        )

    yield Deferred(migrate)
    with suppress(PromiseBroken):
        for manifest in volume_before:
            remove_what_came(stack, manifest)


def remove_what_came(stack: Stack, before: Manifest) -> None:
    """Remove everything from the volume that was not there before."""
    came = [path for path in stack.media.manifest().entries if path not in before.entries]
    stack.media.shell("xargs -0 rm -rf --", stdin=b"".join(b"./" + path + b"\0" for path in came))


@complete
def test_everything_on_the_host_is_in_the_volume_identical(first_migration: Deferred[Migration]) -> None:
    done = first_migration.get()

    assert done.outcome.ok, f"the migration ended with status {done.outcome.status}: {done.outcome.complaint}"
    expect_same(done.expected, restricted(done.volume, done.expected), event="migrating it", mtime="seconds")


@pytest.fixture(scope="module", name="without_big_file")
def _without_big_file(
    session_stack: Stack, media_folder: Path, first_migration: Deferred[Migration]
) -> Deferred[Manifest]:
    """What is in the volume once the largest file is gone from there and from the host, to save time."""

    def slim() -> Manifest:
        outcome = first_migration.get().outcome
        assert outcome.ok, f"the first migration ended with status {outcome.status}: {outcome.complaint}"
        (media_folder / BIG_NAME).unlink(missing_ok=True)
        session_stack.media.shell('rm -- "./$1"', BIG_NAME)
        return session_stack.media.manifest()

    return Deferred(slim)


@idempotent
def test_a_second_migration_changes_nothing_and_says_so(
    stack: Stack, operator: Operator, first_migration: Deferred[Migration], without_big_file: Deferred[Manifest]
) -> None:
    before = without_big_file.get()

    again = operator.run("migrate")

    assert again.ok, f"migrating a second time ended with status {again.status}: {again.complaint}"
    expect_same(before, stack.media.manifest(), event="migrating a second time")
    assert text_of(again) != first_migration.get().text, (
        "it prints the same as when it brought everything, so it does not say that there was nothing to do: "
        f"{again.text!r}"
    )


@preserves
def test_the_hosts_files_are_untouched(first_migration: Deferred[Migration]) -> None:
    done = first_migration.get()

    expect_same(done.host_before, done.host_after, event="migrating the host's files")


class Conflict(NamedTuple):
    """How a migration ended that met a file of the platform under the name of a host's, and that file then.

    `overwrites` holds, for each option that is said to replace files, how the migration ended with it and the SHA-256
    of the file then; `said` the words that say so.
    """

    kept: commands.Outcome
    sha256: str
    overwrites: dict[str, tuple[commands.Outcome, str]]
    said: dict[str, str]


@pytest.fixture(scope="module", name="conflict")
def _conflict(
    session_stack: Stack, operator: Operator, guide: Guide, without_big_file: Deferred[Manifest]
) -> Deferred[Conflict]:
    """The platform changes a picture that the host has too; the migration meets it, then again with each option."""
    stack = session_stack

    def sha256_now() -> str:
        return stack.media.manifest().entries[CLASH_NAME.encode()].sha256

    def clash() -> Conflict:
        without_big_file.get()
        stack.media.shell('printf "the platform has another" > "./$1"', CLASH_NAME)
        kept, sha256 = operator.run("migrate"), sha256_now()
        script = operator.script("migrate")
        said = overwriting_options(
            text_of(operator.run_script(f"{script} --help")), guide.source.read_text("utf-8-sig")
        )
        tried = {option: (operator.run_script(f"{script} {option}"), sha256_now()) for option in said}
        return Conflict(kept, sha256, tried, dict(said))

    return Deferred(clash)


@preserves
def test_a_file_of_the_platform_is_not_overwritten(
    conflict: Deferred[Conflict], first_migration: Deferred[Migration]
) -> None:
    assert conflict.get().sha256 != first_migration.get().host_before.entries[CLASH_NAME.encode()].sha256, (
        f"{CLASH_NAME}, which the platform held with other content, was overwritten in silence"
    )


@preserves
def test_a_kept_file_is_named_and_the_exit_status_says_so(conflict: Deferred[Conflict]) -> None:
    kept = conflict.get().kept

    assert kept.status != 0, "the migration left a file out and ended with status 0"
    assert Path(CLASH_NAME).name in text_of(kept), (
        f"the migration doesn't name the file that it kept: {kept.text} {kept.complaint}"
    )


@preserves
def test_an_option_that_is_said_to_overwrite_does(
    conflict: Deferred[Conflict], first_migration: Deferred[Migration]
) -> None:
    done, hosts = conflict.get(), first_migration.get().host_before.entries[CLASH_NAME.encode()].sha256

    # An option that the script refuses is not one of its own: the text was about something else.
    taken = {option: sha256 for option, (outcome, sha256) in done.overwrites.items() if outcome.ok}
    idle = [f"{option} ({done.said[option]})" for option, sha256 in taken.items() if sha256 != hosts]
    assert not idle, f"with {', '.join(idle)}, the file stayed as it was"
    journal.add_evidence(
        f"overwriting takes an option of its own: {', '.join(taken)}"
        if taken
        else "neither the script's help nor the guide names an option that overwrites: nothing is ever overwritten"
    )


READ_REPLACE_AND_DELETE = """
cd -- "$1" && xargs -0 sh -c '
  for file do
    cat -- "$file" > /dev/null && printf other > "$file.other" && mv -f -- "$file.other" "$file" && rm -f -- "$file" ||
      exit 1
  done' sh
"""


@complete
def test_the_services_user_can_replace_and_delete_what_was_migrated(
    stack: Stack, first_migration: Deferred[Migration]
) -> None:
    migrated = first_migration.get().expected.files  # before the volume is looked at: a guide may name no migration
    there = stack.media.manifest().entries
    # A name of 255 bytes leaves no room for a longer one beside it.
    files = [file.path for file in migrated if file.path in there]
    paths = [path for path in files if len(path.rpartition(b"/")[2]) < 249]
    assert paths, "nothing was migrated"

    worked = stack.service_container.work(
        READ_REPLACE_AND_DELETE,
        stack.media_root,
        stdin=b"".join(b"./" + path + b"\0" for path in paths),
        needs=("xargs", "cat", "mv", "rm"),
    )

    assert worked.ok, f"the service's user can't read, replace and delete migrated files: {worked.complaint}"
    journal.add_evidence(
        f"{len(paths)} migrated files read, replaced and deleted by user {stack.service_container.user()}"
    )
