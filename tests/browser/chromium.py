"""A page in a browser, and the browser: the machine's, or one unpacked from the package archive."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, Request

from media_guarantees.system.debian_packages import PackageArchive, library_environment

NAMES = ("chromium", "google-chrome", "chromium-browser")


@dataclass(frozen=True)
class Chromium:
    """A program, and the environment in which it finds its libraries."""

    program: str
    environment: dict[str, str]


@dataclass
class Opened:
    """A page, its console errors, and its requests, the page itself included."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def note(self, request: Request) -> None:
        """Record a request."""
        self.requests.append(request)


def find_chromium(cache: Path) -> Chromium:
    """Return the browser of this machine, or the one of `cache`, downloaded the first time."""
    if found := next(filter(None, map(shutil.which, NAMES)), None):
        return Chromium(found, dict(os.environ))
    root = PackageArchive(cache / "packages").unpack("chromium", ("chromium",), complete=True)
    environment = library_environment(root)
    # Where PulseAudio's library keeps its shared files.
    private = [environment["LD_LIBRARY_PATH"], *map(str, root.glob("usr/lib/*/pulseaudio"))]
    return Chromium(
        str(root / "usr/lib/chromium/chromium"), environment | {"LD_LIBRARY_PATH": os.pathsep.join(private)}
    )
