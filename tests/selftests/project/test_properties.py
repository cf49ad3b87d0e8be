"""Any tree of files is read correctly, survives the guide's arguments to tar, and every single damage is reported."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from damages import DAMAGE, FILE_OPERATIONS, Damage, damage_to, orders
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trees import PLANT, Tree, trees

from media_guarantees.archive.examine import read_archive
from media_guarantees.media.container_listing import LISTING, read_listing
from media_guarantees.media.diff import ASPECTS, describe, diff
from media_guarantees.media.host_listing import read_directory

PRIVILEGED = os.geteuid() == 0
NEEDS_PRIVILEGES = {"owner", "group"}

any_tree = trees(privileged=PRIVILEGED)
repeatable = settings(
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def examples(number: int) -> settings:
    """Try this number of trees: always the same ones, so that a failure repeats."""
    return settings(repeatable, max_examples=number)


@contextmanager
def planted(tree: Tree) -> Iterator[Path]:
    """Create a tree in a private folder for the duration of the block."""
    with TemporaryDirectory() as folder:
        root = Path(folder) / "tree"
        root.mkdir()
        run_in(root, PLANT, tree.stream())
        yield root


def run_in(root: Path, script: str, stdin: bytes) -> None:
    """Run a script for bash, as a container that mounts the tree would."""
    done = subprocess.run(["bash", "-c", script], cwd=root, input=stdin, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, f"the script failed: {done.stderr.decode(errors='replace')}"


@examples(50)
@given(any_tree)
def test_a_tree_is_read_as_it_was_planned(tree: Tree) -> None:
    with planted(tree) as root:
        read = read_directory(root)

    assert read == tree.manifest, describe(diff(tree.manifest, read), event="planting it")


@examples(25)
@given(any_tree)
def test_a_tree_is_listed_in_a_container_as_it_was_planned(tree: Tree) -> None:
    with planted(tree) as root:
        listed = read_listing(subprocess.run(LISTING, cwd=root, stdout=subprocess.PIPE, check=True).stdout)

    assert listed == tree.manifest, describe(diff(tree.manifest, listed), event="planting it")


@examples(25)
@given(any_tree)
def test_an_archive_made_with_the_guides_arguments_holds_the_tree(tree: Tree) -> None:
    with planted(tree) as root:
        archived = read_archive(backed_up(root))

    changes = diff(tree.manifest, archived, mtime="seconds")
    assert not changes, describe(changes, event="archiving it")


@examples(25)
@given(any_tree)
def test_a_tree_is_restored_by_the_guides_arguments(tree: Tree) -> None:
    with planted(tree) as root:
        archive, restored = backed_up(root), root.with_name("restored")
        restored.mkdir()
        # As it is for the superuser, whom the guide's container runs as.
        subprocess.run(["tar", "-xzf", archive, "-C", restored, "--preserve-permissions"], check=True)
        read = read_directory(restored)

    changes = diff(tree.manifest, read, mtime="seconds")
    assert not changes, describe(changes, event="restoring it")


def backed_up(root: Path) -> Path:
    """Archive a tree beside it, with the guide's own arguments."""
    archive = root.with_name("backup.tar.gz")
    subprocess.run(["tar", "-czf", archive, "-C", root, "."], check=True)
    return archive


@pytest.mark.parametrize("operation", FILE_OPERATIONS)
def test_a_damage_is_reported_with_its_path_and_aspect_and_nothing_else(operation: str) -> None:
    if operation in NEEDS_PRIVILEGES and not PRIVILEGED:
        pytest.skip("giving a file away takes root")

    @examples(8)
    @given(st.data(), any_tree)
    def check(data: st.DataObject, tree: Tree) -> None:
        expect_reported(tree, data.draw(damage_to(tree, operation)))

    check()


def expect_reported(tree: Tree, damage: Damage) -> None:
    """Damage a tree: the comparison must report that, and nothing else."""
    with planted(tree) as root:
        before = read_directory(root)
        run_in(root, DAMAGE, orders([damage]))
        after = read_directory(root)

    changes = diff(before, after)
    assert {(change.path, change.aspect) for change in changes} == damage.reported, describe(
        changes, event=damage.operation
    )


@examples(10)
@given(st.data(), any_tree)
def test_the_damages_leave_no_aspect_out(data: st.DataObject, tree: Tree) -> None:
    aspects = {aspect for operation in FILE_OPERATIONS for _, aspect in data.draw(damage_to(tree, operation)).reported}

    assert aspects == set(ASPECTS), "for each aspect of a comparison there is a damage that changes it"
