"""A throw-away copy of this checkout: what is run there, killed and cleaned up, doesn't touch the one that tests."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from media_guarantees.engine.base_images import root_file_system
from media_guarantees.engine.toolchain import engine_tools, find_compose
from media_guarantees.system import commands
from media_guarantees.system.background_command import Background, started

ROOT = Path(__file__).parents[2]
VENV = Path(sys.executable).parents[1]
_NOT_COPIED = (".git", ".cache", ".venv", "reports", ".hypothesis", ".mypy_cache", ".ruff_cache", "__pycache__")
# What takes long to get and is the same for everybody.
_CACHED = ("packages", "compose", "images")
_RUN_SECONDS = 900.0
# What pytest and make would tell those below them.
_NOT_HANDED_DOWN = ("PYTEST_", "COMPOSE_", "MAKE", "MFLAGS", "ARGS")


def handed_down(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a person's shell would have of an environment: nothing that is for these tests alone."""
    return {name: value for name, value in environment.items() if not name.startswith(_NOT_HANDED_DOWN)}


class Checkout:
    """A copy with a home and a temporary folder of its own. `environment` is that of a person who works there."""

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
        """Type `make` there, and wait for its end."""
        return commands.run(self.make_command(*words), cwd=self.folder, env=self.environment, timeout=_RUN_SECONDS)

    def make_command(self, *words: str) -> list[str]:
        """Return a `make` that takes the virtual environment of the tests themselves."""
        return ["make", f"VENV={VENV}", *words]

    def pytest_command(self, *words: str) -> list[str]:
        """Return a run of the guarantees without `make` above it: one process, whose number is known."""
        return [sys.executable, "-m", "pytest", "tests/guarantees", "-p", "no:xdist", *words]

    def start(self, command: Sequence[str]) -> AbstractContextManager[Background]:
        """Start a command there; Ctrl-C reaches it, even if these tests were told to ignore it (env(1))."""
        return started(["env", "--default-signal=INT", *command], cwd=self.folder, env=self.environment)

    def left(self) -> list[str]:
        """Return what runs have put where it doesn't stay: temporary folders, and those of runs in the cache."""
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
