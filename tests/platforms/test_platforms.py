"""Well-known platforms are proved where they are sound, and each of their likeliest faults breaks just what it must."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from built_images import lay_out
from platform_table import FAULTS, PLATFORMS, RUN_SECONDS, Fault, Platform
from verification import ROOT, Verification, verify

HERE = Path(__file__).parent

each_platform = pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)


@pytest.fixture(name="owner")
def _owner(tmp_path: Path) -> Callable[[Platform], Path]:
    """Lay out a platform as its owner has it, but for the builds of its images, which were made once."""

    def write_project_folder(platform: Platform) -> Path:
        folder = tmp_path / platform.name
        lay_out(platform.name, platform.service, folder, ROOT / ".cache")
        return folder

    return write_project_folder


def verified(platform: Platform, folder: Path, reports: Path) -> Verification:
    """Verify a platform that is laid out in `folder`."""
    paths = (
        f"--compose-file={folder / 'compose.yml'}",
        f"--guide={folder / 'GUIDE.md'}",
        f"--upload-config={folder / 'uploads.ini'}",
    )
    return verify([*paths, *platform.options], reports, seconds=RUN_SECONDS)


def said_in(seen: Verification) -> str:
    """Return all that a run said: explanations, reasons and evidence."""
    evidence = (line for guarantee in seen.guarantees.values() for line in guarantee["evidence"])
    return "\n".join((seen.explanation(), seen.reasons(), *evidence))


@each_platform
def test_a_sound_platform_is_proved(
    platform: Platform,
    owner: Callable[[Platform], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    seen = verified(platform, owner(platform), tmp_path / "reports")

    record_property("platform", (platform.name, "sound", round(seen.seconds, 1)))
    assert seen.with_verdict("broken") == platform.broken, f"{seen.explanation()[:6000]}\n{seen.reasons()}"
    assert seen.with_verdict("unproven") == platform.unproven, seen.reasons()
    assert "media are uploaded through the platform's own API" in said_in(seen)


@each_platform
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_breaks_just_what_it_must(
    platform: Platform,
    fault: Fault,
    owner: Callable[[Platform], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    folder = owner(platform)
    fault.apply(folder, platform)

    seen = verified(platform, folder, tmp_path / "reports")

    record_property("platform", (platform.name, fault.name, round(seen.seconds, 1)))
    assert seen.with_verdict("broken") == fault.verdicts(platform), f"{seen.explanation()[:6000]}"
    unsaid = [words for words in fault.says if words.format(**platform._asdict()) not in said_in(seen)]
    assert not unsaid, f"the run doesn't say {unsaid}:\n{said_in(seen)[:6000]}"


def test_every_platform_has_its_folder_and_every_folder_its_platform() -> None:
    folders = sorted(path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__")

    assert folders == sorted(platform.name for platform in PLATFORMS)
