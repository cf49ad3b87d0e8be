"""What a report calls a file of the deployment: by its path in the repository that holds it, on any machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

# The folder of the checkout, as GitHub Actions and GitLab CI name it; it may lack the repository itself.
_CHECKOUTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")


def repository_of(file: Path, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the root of the repository or of the CI job's checkout that holds `file`; None if neither does."""
    real = file.resolve()
    root = next((folder for folder in real.parents if (folder / ".git").exists()), None)
    checkouts = (Path(environment[name]).resolve() for name in _CHECKOUTS if environment.get(name))
    return root or next((folder for folder in checkouts if real.is_relative_to(folder)), None)


def name_in_repository(file: Path) -> str:
    """Return the path of `file` in its repository, with slashes; its name alone where no repository holds it."""
    root = repository_of(file)
    return file.resolve().relative_to(root).as_posix() if root else file.name


def without_folders(text: str, folders: Iterable[Path]) -> str:
    """Return `text` with files in these folders named relative to them, and those in the user's home with ``~``."""
    for folder in sorted({str(each) for each in folders} - {"/"}, key=len, reverse=True):
        text = text.replace(f"{folder}/", "")
    home = str(Path.home())
    return text if home == "/" else text.replace(f"{home}/", "~/")
