"""The installable package holds the library with its commands, and nothing that only a checkout can run."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from media_guarantees import __version__

ROOT = Path(__file__).parents[3]
BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"


@pytest.fixture(scope="module", name="wheel")
def _wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package out of a copy, as a build leaves folders beside its sources."""
    folder = tmp_path_factory.mktemp("package")
    for name in ("media_guarantees", "tests/selftests/project", "fixtures", "bench", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "requirements").mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements/library.in"):
        shutil.copy(ROOT / name, folder / name)
    subprocess.run([sys.executable, "-c", BUILD, "."], cwd=folder, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_the_package_holds_the_library_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "media_guarantees").rglob("*.py")}

    assert {name for name in names if name.endswith(".py")} == sources
    assert {name.partition("/")[0] for name in names} == {
        "media_guarantees",
        f"media_guarantees-{__version__}.dist-info",
    }


def test_the_package_holds_the_files_of_which_a_report_is_made(wheel: Path) -> None:
    web = {str(path.relative_to(ROOT)) for path in (ROOT / "media_guarantees").rglob("web/*")}

    assert web
    assert web <= set(zipfile.ZipFile(wheel).namelist())


def test_the_installed_package_checks_an_archive_without_its_dependencies(wheel: Path) -> None:
    command = [sys.executable, "-S", "-m", "media_guarantees", "check-archive", "--help"]

    finished = subprocess.run(
        command, cwd="/", env={"PYTHONPATH": str(wheel)}, capture_output=True, text=True, check=False
    )

    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith("usage: media-guarantees check-archive")
