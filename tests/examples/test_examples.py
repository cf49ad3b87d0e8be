"""Deployments of kinds that other people have come out as they must, and their owners' folders stay as they were."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from expectations import EXAMPLES, Example
from verification import ROOT, Verification, verify

from media_guarantees.events.before_after import expect_same
from media_guarantees.media.host_listing import read_directory

HERE = Path(__file__).parent
PATHS = ("--compose-file", "--guide", "--upload-config")


@pytest.fixture(name="owner")
def _owner(tmp_path: Path) -> Callable[[Example], Path]:
    """Lay out an example as its owner has it, with the code of the platform where it runs that."""

    def write_project_folder(example: Example) -> Path:
        folder = tmp_path / "connect"
        shutil.copytree(HERE / example.name, folder)
        if example.code:
            unwanted = shutil.ignore_patterns("__pycache__", "tests")
            shutil.copytree(ROOT / "service", folder / example.code, ignore=unwanted, dirs_exist_ok=True)
            shutil.copy2(ROOT / "migrate_media.sh", folder)
        return folder

    return write_project_folder


def pointed_at(folder: Path, option: str) -> str:
    """Return an option whose paths are in `folder`."""
    name, _, value = option.partition("=")
    return f"{name}={':'.join(str(folder / path) for path in value.split(':'))}" if name in PATHS else option


def said_in(seen: Verification) -> str:
    """Return all that a run said: explanations, reasons and evidence."""
    evidence = (line for guarantee in seen.guarantees.values() for line in guarantee["evidence"])
    return "\n".join((seen.explanation(), seen.reasons(), *evidence))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_comes_out_as_it_must(
    example: Example, owner: Callable[[Example], Path], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    folder = owner(example)
    before = read_directory(folder)

    seen = verify([pointed_at(folder, option) for option in example.options], tmp_path / "reports")

    record_property("example", (example.name, round(seen.seconds, 1)))
    expect_same(before, read_directory(folder), event="verifying the deployment")
    assert seen.with_verdict("broken") == example.broken, f"{seen.explanation()[:6000]}\n{seen.reasons()}"
    assert seen.with_verdict("unproven") == example.unproven, seen.reasons()
    unsaid = [words for words in example.says if words not in said_in(seen)]
    assert not unsaid, f"the run doesn't say {unsaid}:\n{said_in(seen)[:6000]}"


def test_every_example_has_its_folder_and_every_folder_its_example() -> None:
    others = {"__pycache__", "guides"}  # guides alone are read, not verified
    folders = sorted(path.name for path in HERE.iterdir() if path.is_dir() and path.name not in others)

    assert folders == sorted(example.name for example in EXAMPLES)
    assert len(EXAMPLES) >= 8
