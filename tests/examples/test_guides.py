"""Guides of other people's kinds are carried out as their authors mean them, on the volume of one deployment."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from verification import Verification, verify

HERE = Path(__file__).parent
CORPUS = HERE / "guides"
# What is run of the guarantees: those that are about the guide's backup and restore.
CHOSEN = "test_backup.py or test_restore.py or test_portability.py"
JUDGED = frozenset(
    {"backup.created", "backup.complete", "backup.harmless", "portability.another_host"}
    | {f"restore.{name}" for name in ("disaster", "repair", "idempotent")}
)
# For a guide, which of these come out broken and unproven, all others being proved; words of the
# reasons; and a second compose file, where the guide runs services of its own.
VERDICTS: dict[str, dict[str, Any]] = {
    name: expected["verdicts"]
    for name, expected in json.loads((HERE / "guides.json").read_text(encoding="utf-8")).items()
    if "verdicts" in expected
}


@pytest.fixture(name="deployment")
def _deployment(tmp_path: Path) -> Path:
    """A file server with a volume of media, and the scripts that guides run."""
    folder = tmp_path / "independent"
    shutil.copytree(HERE / "independent", folder)
    shutil.copytree(CORPUS / "scripts", folder / "scripts")
    return folder


@pytest.mark.parametrize("name", VERDICTS)
def test_a_guide_comes_out_as_it_must(name: str, deployment: Path, tmp_path: Path) -> None:
    shutil.copy(CORPUS / name, deployment)
    added = [VERDICTS[name]["compose"]] if "compose" in VERDICTS[name] else []
    files = os.pathsep.join(str(deployment / file) for file in ("compose.yml", *added))
    options = [f"--compose-file={files}", f"--guide={deployment / name}", f"-k={CHOSEN}"]

    seen = verify(options, tmp_path / "reports")

    for verdict in ("broken", "unproven"):
        expected = sorted(VERDICTS[name].get(verdict, []))
        assert sorted(seen.with_verdict(verdict) & JUDGED) == expected, explained(seen)
    unsaid = [words for words in VERDICTS[name].get("says", ()) if words not in explained(seen)]
    assert not unsaid, f"the run doesn't say {unsaid}:\n{explained(seen)[:6000]}"


def explained(seen: Verification) -> str:
    """Return why guarantees are broken, and why others are unproven."""
    return f"{seen.explanation()[:6000]}\n{seen.reasons()}"


def test_at_least_twenty_guides_are_carried_out() -> None:
    assert len(VERDICTS) >= 20
