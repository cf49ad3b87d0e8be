"""Reading a deployment as its owner wrote it, through `docker-compose config`, which is given nothing to do harm with.

Compose itself does the reading, so `.env`, `env_file`, interpolation, `extends` and `include` are its business. It may
fetch none of them from elsewhere, and finds no engine, no configuration of Docker's and, where this process may arrange
that, no network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from media_guarantees.core.errors import BadInput
from media_guarantees.deployment.compose.compose_model import Deployment, Model
from media_guarantees.system import commands

# Compose's own switches for files that it would fetch with `git`, or from a registry.
_NOTHING_REMOTE = {"COMPOSE_EXPERIMENTAL_GIT_REMOTE": "false", "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "false"}
# Which engine, whose programs, where to send traces: of no use to a reader.
_LEFT_OUT = ("DOCKER_", "BUILDX_", "BUILDKIT_", "OTEL_")
_NOTHING_TO_TEST = "there is nothing to test"


def read_deployment(
    files: Sequence[Path], service: str, *, compose: Sequence[str], environment: Mapping[str, str]
) -> Deployment:
    """Return the deployment that `files` describe; `compose` is the command, e.g. ``["docker-compose"]``.

    Of `environment`, the caller's variables, the owner's files see what they ask for and `.env` doesn't set. Raises
    `BadInput` with Compose's own words for files that it refuses, and for a service that they don't have.
    """
    with tempfile.TemporaryDirectory(prefix="media-verify-read-") as empty:
        reader = _Reader(files, compose, reading_environment(environment, files[0].parent, Path(empty)))
        with_profiles = reader.read_with_profiles()
        model = with_profiles if with_profiles and not _has_profiles(with_profiles) else reader.read()
        if service not in model.get("services", {}):
            raise _missing(service, model, with_profiles or model, reader.where)
    return Deployment(tuple(files), model, service, with_profiles)


def reading_environment(environment: Mapping[str, str], folder: Path, empty: Path) -> dict[str, str]:
    """Return what Compose is to see of `environment` while it reads the files in `folder`.

    A shell exports HOSTNAME, and a CI job PORT, without anybody's having meant the deployment: what the owner's `.env`
    says goes before that. `empty` is a folder in which there is no configuration and no engine.
    """
    theirs = _names_in(folder / ".env")
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(_LEFT_OUT) and (name.startswith("COMPOSE_") or name not in theirs)
    }
    nowhere = {"DOCKER_CONFIG": str(empty), "DOCKER_HOST": f"unix://{empty}/none.sock"}
    return {**kept, **_NOTHING_REMOTE, **nowhere}


def _names_in(file: Path) -> set[str]:
    """The variables that an `.env` file gives a value to."""
    if not file.is_file():
        return set()
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return {found[1] for line in lines if (found := re.match(r"\s*(?:export\s+)?([\w.-]+)\s*[=:]", line))}


class _Reader:
    """Compose, as it reads certain files."""

    def __init__(self, files: Sequence[Path], compose: Sequence[str], environment: Mapping[str, str]) -> None:
        self._named = [word for file in files for word in ("--file", str(file))]
        self._compose = [*_without_network(), *compose]
        self._environment = environment
        self.where = ", ".join(map(str, files))
        self._files = files

    def ask(self, *options: str) -> commands.Outcome:
        """Let Compose print its model."""
        words = [*self._compose, *self._named, *options, "config", "--format", "json"]
        return commands.run(words, cwd=self._files[0].parent, env=self._environment, timeout=60)

    def read(self) -> Model:
        """Return the model. Raises `BadInput` where Compose makes none of the files."""
        read = self.ask()
        if read.ok:
            model: Model = json.loads(read.stdout)
            return model
        if re.search(r"remote resource is disabled", read.complaint):
            raise BadInput(
                f"{self.where} takes a part of the deployment from another machine, by `include` or `extends`",
                "fetch that file once, put it beside the compose file, and name it there",
                means="what is tested should be what was read: nothing is fetched while a deployment is read",
            )
        raise BadInput(
            f"Compose can't read {self.where}: {read.complaint}",
            _hint(read.complaint) or f"try: docker-compose -f {self._files[0]} config",
            means=_NOTHING_TO_TEST,
        )

    def read_with_profiles(self) -> Model | None:
        """Return the model with the services of all profiles; None where Compose makes none."""
        read = self.ask("--profile", "*")
        return dict(json.loads(read.stdout)) if read.ok else None


def _has_profiles(model: Model) -> bool:
    return any(service.get("profiles") for service in (model.get("services") or {}).values())


def _without_network() -> list[str]:
    """What starts a program in a network of its own, with nothing in it, where this process may: unshare(1)."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        return []
    isolated = ["unshare", "--net", "--"]
    return isolated if commands.run([*isolated, "true"]).ok else []


def _missing(service: str, model: Model, with_profiles: Model, where: str) -> BadInput:
    known = ", ".join(sorted(model.get("services", {}))) or "none at all"
    profiles = _profiles(with_profiles, service)
    return BadInput(
        f"{where} has no service {service!r}" + (" outside of a profile" if profiles else ""),
        f"activate the profile as you do yourself: COMPOSE_PROFILES={profiles[0]}"
        if profiles
        else f"give SERVICE=…; the file's services: {known}",
        means=_NOTHING_TO_TEST,
    )


def _profiles(model: Model, service: str) -> list[str]:
    """The profiles that a service is in."""
    return list((model.get("services", {}).get(service) or {}).get("profiles") or ())


def _hint(complaint: str) -> str:
    """What to do where Compose misses a variable; "" for other complaints."""
    missing = re.search(r"required variable (\w+) is missing", complaint)
    return f"set it in the environment, or in the file .env beside the compose file: {missing[1]}=…" if missing else ""
