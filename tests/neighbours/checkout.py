"""A temporary copy of this checkout: runs, kills and cleaning there don't touch the one that tests."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from media_guarantees.engine.base_images import root_file_system
from media_guarantees.engine.compose_program import find_compose
from media_guarantees.engine.toolchain import engine_tools
from media_guarantees.system import commands
from media_guarantees.system.background_command import Background, started

ROOT = Path(__file__).parents[2]
VENV = Path(sys.executable).parents[1]
_NOT_COPIED = (".git", ".cache", ".venv", "reports", ".hypothesis", ".mypy_cache", ".ruff_cache", "__pycache__")
# What takes long to fetch and is the same for every copy.
_CACHED = ("packages", "compose", "images")
_RUN_SECONDS = 900.0
# Variables that pytest and make would pass on to their children.
_NOT_HANDED_DOWN = ("PYTEST_", "COMPOSE_", "MAKE", "MFLAGS", "ARGS")


def handed_down(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment as a user's shell has it, without what is for these tests alone."""
    return {name: value for name, value in environment.items() if not name.startswith(_NOT_HANDED_DOWN)}


class Checkout:
    """A copy with its own home and temporary folder. `environment` is that of a shell there."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.home = folder.with_name("home")
        self.temporary = folder.with_name("tmp")
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*_NOT_COPIED))
        for place in (self.home, self.temporary, folder / ".cache"):
            place.mkdir(mode=0o700)
        for name in _CACHED:
            (folder / ".cache" / name).symlink_to(ROOT / ".cache" / name)
        self.environment = {
            **handed_down(environment),
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def make(self, *words: str) -> commands.Outcome:
        """Run `make` there, and wait for its end."""
        return commands.run(self.make_command(*words), cwd=self.folder, env=self.environment, timeout=_RUN_SECONDS)

    def make_command(self, *words: str) -> list[str]:
        """Return a `make` command that uses the virtual environment of these tests."""
        return ["make", f"VENV={VENV}", *words]

    def pytest_command(self, *words: str) -> list[str]:
        """Return a run of the guarantees without `make` above it: one process, whose number is known."""
        return [sys.executable, "-m", "pytest", "tests/guarantees", "-p", "no:xdist", *words]

    def start(self, command: Sequence[str]) -> AbstractContextManager[Background]:
        """Start a command there; Ctrl-C reaches it, even if these tests ignore it (env(1))."""
        return started(["env", "--default-signal=INT", *command], cwd=self.folder, env=self.environment)

    def left(self) -> list[str]:
        """Return what runs keep only for a while: temporary folders, and those of runs in the cache."""
        cache = self.folder / ".cache"
        places = [
            *self.temporary.glob("*"),
            *cache.glob(".*"),
            *cache.glob("runs/*"),
            *cache.glob("engine/*/running.json"),
        ]
        return sorted(str(path.relative_to(self.folder.parent)) for path in [*places, *self.home.glob("*")])


@contextmanager
def throw_away(environment: Mapping[str, str] | None = None) -> Iterator[Checkout]:
    """Make a copy for as long as the block lasts."""
    cache = ROOT / ".cache"
    cache.mkdir(exist_ok=True)
    engine_tools(cache), find_compose(cache), root_file_system(cache)
    with TemporaryDirectory(dir=cache, prefix="neighbours-") as folder:
        yield Checkout(Path(folder) / "checkout", os.environ if environment is None else environment)
