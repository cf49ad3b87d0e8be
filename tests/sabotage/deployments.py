"""The deployments that sabotages are tried on: our own, one written without a look at it, and somebody else's."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from built_images import lay_out as lay_out_platform
from expectations import WITHOUT_API
from platform_table import PLATFORMS
from platform_table import RUN_SECONDS as PLATFORM_SECONDS
from verification import ROOT, RUN_SECONDS

CACHE = ROOT / ".cache"
WAGTAIL = next(platform for platform in PLATFORMS if platform.name == "wagtail")


class Deployment(NamedTuple):
    """A deployment by its name, where its parts are, and what comes out of it while nobody has changed it.

    `image` is how its compose file says which image the service runs, `code` the folder with the service's code, where
    one can be mounted. `part` is a directory of the media that holds pictures. A compose file without a name takes the
    `project` from the folder. What is `broken` or `unproven` is so under every sabotage.
    """

    name: str
    lay_out: Callable[[Path], None]
    compose_file: str
    guide: str
    image: str
    part: str
    code: str = ""
    service: str = "web-project"
    media_root: str = "/usr/src/platform/media"
    volume: str = "media_volume"
    project: str = ""
    upload_config: str = ""
    unproven: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    seconds: int = RUN_SECONDS

    def options(self, folder: Path) -> list[str]:
        """Return what points a run at this deployment, laid out in `folder`."""
        options = [
            f"--compose-file={folder / self.compose_file}",
            f"--guide={folder / self.guide}",
            f"--service={self.service}",
            f"--media-root={self.media_root}",
        ]
        return [*options, f"--upload-config={folder / self.upload_config}"] if self.upload_config else options

    def verdicts(self, breaks: frozenset[str]) -> frozenset[str]:
        """Return what must be broken here by a sabotage that breaks `breaks` where everything can be proved."""
        return breaks - self.unproven | self.broken

    def words(self, says: tuple[str, ...]) -> Iterator[str]:
        """Yield what an explanation says of our own deployment as it must say it of this one."""
        for said in says:
            ours = said.replace("connect_media_volume", f"{self.project or self.name}_{self.volume}")
            yield ours.replace(OURS.media_root, self.media_root).replace(OURS.volume, self.volume)


def _lay_out_ours(folder: Path) -> None:
    for name in ("docker-compose.test.yml", "migrate_media.sh"):
        shutil.copy2(ROOT / name, folder / name)
    for name in ("docs", "service"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "tests"))


def _lay_out_independent(folder: Path) -> None:
    """Lay it out with a backup that asks for its volume, as ours does: the same sabotage then breaks the same."""
    shutil.copytree(ROOT / "tests" / "examples" / "independent", folder, dirs_exist_ok=True)
    guide = folder / "GUIDE.md"
    text = guide.read_text(encoding="utf-8")
    asking = "docker volume inspect media_volume > /dev/null && docker run --rm -v media_volume:/source "
    guide.write_text(text.replace("docker run --rm -v media_volume:/source ", asking), encoding="utf-8")


def _lay_out_wagtail(folder: Path) -> None:
    lay_out_platform(WAGTAIL.name, WAGTAIL.service, folder, CACHE)


OURS = Deployment(
    "ours",
    _lay_out_ours,
    compose_file="docker-compose.test.yml",
    guide="docs/armazenamento-de-midia.md",
    image="build: ./service",
    part="avatars",
    code="./service",
    project="connect",
)
INDEPENDENT = Deployment(
    "independent",
    _lay_out_independent,
    compose_file="compose.yml",
    guide="GUIDE.md",
    image="build: .",
    part="avatars",
    code=".",
    unproven=WITHOUT_API,
)
PLATFORM = Deployment(
    "wagtail",
    _lay_out_wagtail,
    compose_file="compose.yml",
    guide="GUIDE.md",
    image="build: ./web",
    part="original_images",
    service=WAGTAIL.service,
    media_root=WAGTAIL.media_root,
    volume=WAGTAIL.volume,
    upload_config="uploads.ini",
    unproven=WAGTAIL.unproven,
    broken=WAGTAIL.broken,
    seconds=PLATFORM_SECONDS,
)
DEPLOYMENTS = (OURS, INDEPENDENT, PLATFORM)
