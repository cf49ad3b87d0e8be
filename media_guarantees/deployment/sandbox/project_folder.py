"""The folder from which an operator of the sandbox works: the compose file under the owner's names, and the scripts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from media_guarantees.core.files import atomic_write
from media_guarantees.deployment.compose.compose_model import Deployment, Model

COMPOSE_FILE = "docker-compose.yml"
_NAMED = {"volumes", "networks"}
_FOUND_ANYWAY = {"compose.yaml", "compose.yml", "docker-compose.yaml", COMPOSE_FILE}


def write_model(model: Model, folder: Path) -> Path:
    """Write `model` where an operator's plain `docker-compose` in `folder` finds it. It may hold tokens: 0600.

    Names that Compose makes of the project's are left to it: a command that starts another project, as with ``-p``,
    then gets other volumes and networks, as it would on the owner's server.
    """
    file = folder / COMPOSE_FILE
    written = {**model, **{kind: _without_derived_names(model, kind) for kind in _NAMED & model.keys()}}
    # YAML holds JSON, but for its pairs of escapes that stand for one character, such as an emoji.
    atomic_write(file, json.dumps(written, indent=2, ensure_ascii=False))
    return file


def _without_derived_names(model: Model, kind: str) -> Model:
    return {
        key: {name: value for name, value in item.items() if (name, value) != ("name", f"{model['name']}_{key}")}
        if item and not item.get("external")
        else item
        for key, item in (model[kind] or {}).items()
    }


def make_project_folder(folder: Path) -> Path:
    """Make the folder, which is private, and return it. Raises `FileExistsError` for one that is there already."""
    folder.mkdir(mode=0o700, parents=True)
    return folder


def write_project_folder(deployment: Deployment, model: Model, folder: Path) -> None:
    """Fill `folder` with what an operator would find: compose files by their names, and scripts.

    What is in all of the owner's files is in the first; the others change nothing any more.
    """
    write_model(model, folder)
    for script in (*deployment.folder.glob("*.sh"), *deployment.folder.glob("[!.]*/*.sh")):
        if not deployment.owns(script):  # a link to a file outside the deployment
            continue
        place = folder / script.relative_to(deployment.folder)
        place.parent.mkdir(exist_ok=True)
        if not place.exists():  # else it is mounted, and there already
            shutil.copy2(script, place)
    for number, file in enumerate(deployment.files):
        place = folder / file.name
        if file.name in _FOUND_ANYWAY:  # Compose finds these by itself, and complains about two of them
            continue
        if not place.exists() and number == 0:
            place.symlink_to(COMPOSE_FILE)
        elif not place.exists():
            place.write_text(json.dumps({"services": {}}))
