"""The guide's backup and restore, as printed, bring any tree of files back, and every damage to it is noticed.

Each example is a forest, one tree for every kind of damage, so that many trees share what a container costs to start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest
from damages import DAMAGE, FILE_OPERATIONS, Damage, damage_to, orders
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from trees import PLANT, Tree, planted_together, trees

from media_guarantees.deployment.stack import Stack
from media_guarantees.events.copies.backup_run import Backup, take_backup
from media_guarantees.events.seeded_media import SeededMedia
from media_guarantees.guide.guide_runner import Operator
from media_guarantees.media.diff import describe, diff
from media_guarantees.media.manifest import ROOT, Manifest
from media_guarantees.system.commands import CommandFailed

# A forest's damages may take more room than Hypothesis thinks useful; that must not hide what went wrong.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

FOREST = b"forest"  # the directory of the volume that all of it happens in, beside the platform's own
CLEAR = f"rm -rf -- {FOREST.decode()}"
LOSE = "find . -mindepth 1 -delete"

forests = st.tuples(*[trees() for _ in FILE_OPERATIONS]).map(planted_together)

# Shrinking would take hundreds of containers. tests/selftests/test_properties.py, which needs none, finds the smallest
# tree for what isn't the engine's doing.
few = settings(
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    max_examples=8,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


@st.composite
def damaged_forests(draw: st.DrawFn) -> tuple[Tree, Sequence[Damage]]:
    """Generate a forest, and one damage of each kind, each to a different tree."""
    grown = [draw(trees()) for _ in FILE_OPERATIONS]
    damages = [draw(damage_to(tree, operation)) for tree, operation in zip(grown, FILE_OPERATIONS, strict=True)]
    return planted_together(grown), [damage.under(b"%d" % number) for number, damage in enumerate(damages)]


@dataclass(frozen=True)
class Trip:
    """A forest's way through a backup, the loss of everything, and a restore."""

    meant: Manifest
    backup: Backup
    lost: Manifest
    restored: Manifest


Travel = Callable[[Tree], Trip]


@pytest.fixture(scope="module", name="travel")
def _travel(session_stack: Stack, seeded_media: SeededMedia, operator: Operator) -> Iterator[Travel]:
    """Plant a forest in the volume, back it up as the guide says, lose all media, restore them as the guide says."""

    def travel(forest: Tree) -> Trip:
        meant = forest.under(FOREST)
        session_stack.media.shell(f"{CLEAR} && {PLANT}", stdin=meant.stream())
        backup = take_backup(session_stack, seeded_media, operator).get()
        session_stack.media.shell(LOSE)
        lost = session_stack.media.manifest()
        operator.run_checked("restore", archive=backup.reference)
        return Trip(meant.manifest, backup, lost, session_stack.media.manifest())

    yield travel
    with suppress(CommandFailed):  # the engine may be gone
        session_stack.media.shell(CLEAR)


@few
@given(forest=forests)
def test_any_tree_comes_back_through_the_guides_backup_and_restore(travel: Travel, forest: Tree) -> None:
    trip = travel(forest)

    before = trip.backup.before
    planted = diff(trip.meant, before.under(FOREST))
    assert not planted, describe(planted, event="planting a forest, which then was none")
    assert set(trip.lost.entries) == {ROOT}, f"{trip.lost.summary()} were left: not all was lost"
    changes = diff(before, trip.restored, mtime="seconds")
    assert not changes, describe(changes, event="losing everything and restoring it")


@few
@given(case=damaged_forests())
def test_any_damage_to_what_was_restored_is_reported_by_its_path_and_aspect_alone(
    travel: Travel, session_stack: Stack, case: tuple[Tree, Sequence[Damage]]
) -> None:
    forest, damages = case
    trip = travel(forest)
    done = [damage.under(FOREST) for damage in damages]

    session_stack.media.shell(DAMAGE, stdin=orders(done))

    changes = diff(trip.backup.before, session_stack.media.manifest(), mtime="seconds")
    reported = {(change.path, change.aspect) for change in changes}
    assert reported == {one for damage in done for one in damage.reported}, describe(
        changes, event="one damage of each kind"
    )
