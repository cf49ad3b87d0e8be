"""What the next deploy will do to the media volume, from the compose file and from what is on the engine."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.deployment.compose.compose_model import Deployment

HASH_LABEL = "com.docker.compose.config-hash"
_COMPOSE = "com.docker.compose."
_KEYS = ("name", "driver", "driver_opts", "external", "labels")  # in the order in which Compose writes them


@dataclass(frozen=True)
class DeclaredVolume:
    """The volume that a compose file mounts at the media root: its real name, and what the file says of it."""

    name: str
    key: str
    settings: Mapping[str, Any]

    @property
    def external(self) -> bool:
        """Whether Compose neither makes nor removes it."""
        return bool(self.settings.get("external"))

    @property
    def hash(self) -> str:
        """Return the hash that Compose, since 2.32, keeps in a label of the volume (its `VolumeHash`)."""
        settings = {"driver": "local", **{key: value for key, value in self.settings.items() if value}}
        rows = [f'"{key}":{_as_go_writes(settings[key])}' for key in _KEYS if key in settings]
        return hashlib.sha256(f"{{{','.join(rows)}}}".encode()).hexdigest()


def _as_go_writes(value: object) -> str:
    """Return JSON as Go's encoder writes it: keys sorted, no spaces, and three characters escaped."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return re.sub("[<>&]", lambda found: f"\\u{ord(found.group()):04x}", text)


def declared_volume(deployment: Deployment, media_root: str) -> DeclaredVolume | None:
    """Return the named volume that covers the media root of the service; None where the file mounts none there."""
    mount = deployment.media_mount(deployment.service, media_root)
    if mount is None or mount.kind != "volume" or not mount.source:
        return None
    declared = {key: settings or {} for key, settings in (deployment.model.get("volumes") or {}).items()}
    named = ((key, settings) for key, settings in declared.items() if mount.source == (settings.get("name") or key))
    key, settings = next(named, (mount.source, {}))
    return DeclaredVolume(mount.source, key, settings)


def expect_same_volume(
    declared: DeclaredVolume | None, live: str, deployment: Deployment, *, project: str, media_root: str
) -> DeclaredVolume:
    """Return the declared volume if it is the live one. `project` is the Compose project of the running service.

    Raises `PromiseBroken` where the next deploy puts another volume, or none, in its place; `Unproven` where that
    depends on a project name which only the deploy itself chooses.
    """
    files = ", ".join(file.name for file in deployment.files)
    if declared is None:
        raise PromiseBroken(
            f"{files} mounts no named volume at {media_root}; the live media are in {live}",
            means="after the next deploy, people see none of their pictures, and new ones are in no volume",
            next_step=f"mount {live} at {media_root} in the compose file, before the deploy",
        )
    if declared.name == live:
        return declared
    if declared.name == f"{deployment.project}_{declared.key}" and live == f"{project}_{declared.key}":
        if not _names_project(deployment):
            raise Unproven(
                f"{files} names no project: here Compose would call it {deployment.project}, and the running one is "
                f"{project}. Deployed with -p {project}, the volume stays {live}"
            )
        means = f"the project {project} was renamed {deployment.project}, and its volume with it"
    else:
        means = "the volume was renamed in the compose file"
    raise PromiseBroken(
        f"{files} mounts {declared.name} at {media_root}; the live media are in {live}",
        means=f"{means}: after the next deploy, people see none of their pictures",
        next_step=f"give the volume its literal name in the compose file:  name: {live}",
    )


def _names_project(deployment: Deployment) -> bool:
    """Whether one of the files, or the `.env` beside them, says what the project is called."""
    env = deployment.folder / ".env"
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in deployment.files]
    named = any(re.search(r"^name:", text, re.MULTILINE) for text in texts)
    return named or (env.is_file() and "COMPOSE_PROJECT_NAME" in env.read_text(encoding="utf-8", errors="replace"))


def divergences(declared: DeclaredVolume, live: Mapping[str, Any]) -> tuple[str, ...]:
    """Return how the file's volume differs from the one that Compose made of it, `live` as the engine inspects it.

    Where there is any difference, `docker compose up` asks whether to delete and recreate the volume, and
    `up -y` does so without asking. Nothing of an external volume, or of one without the label, is compared.
    """
    labels = live.get("Labels") or {}
    if declared.external or labels.get(HASH_LABEL, declared.hash) == declared.hash:
        return ()
    own = {name: value for name, value in labels.items() if not name.startswith(_COMPOSE)}
    sides = (
        ("driver", live.get("Driver") or "local", declared.settings.get("driver") or "local"),
        ("options", live.get("Options") or {}, declared.settings.get("driver_opts") or {}),
        ("labels", own, declared.settings.get("labels") or {}),
    )
    found = tuple(f"{name}: {was} became {now}" for name, was, now in sides if was != now)
    return found or ("its settings, in a way that the engine doesn't show",)
