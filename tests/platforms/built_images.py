"""The images of the platforms, built once as their own Dockerfiles say, and kept beside the base images.

Every verification runs on a private engine, which begins with nothing. What is kept here builds there in seconds
and without a network: a Dockerfile that adds the whole file system, and says of it what the image said of itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from media_guarantees.deployment.compose.compose_model import Model
from media_guarantees.deployment.compose.compose_reader import read_deployment
from media_guarantees.deployment.sandbox.build_sources import host_ca_bundle
from media_guarantees.deployment.sandbox.project_folder import write_model
from media_guarantees.deployment.sandbox.sandboxed_model import sandboxed
from media_guarantees.engine.base_images import PYTHON_SLIM, UBUNTU, provide
from media_guarantees.engine.connection import Engine, private
from media_guarantees.system import commands
from media_guarantees.system.run_id import Run

BUILD_SECONDS = 1800.0


def keep_images(platform: Path, service: str, cache: Path) -> dict[str, Path]:
    """Return, for each service of a platform's compose file that is built, a folder that builds the same image.

    Raises `CommandFailed` with the last lines of a build that fails.
    """
    kept = cache / "platforms" / f"{platform.name}-{_fingerprint(platform, cache)}"
    if not kept.is_dir():
        for outdated in kept.parent.glob(f"{platform.name}-*"):
            shutil.rmtree(outdated)
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".building-") as folder:
            _build(platform, service, cache, Path(folder))
            (Path(folder) / "images").rename(kept)
    return {folder.name: folder for folder in kept.iterdir()}


def lay_out(name: str, service: str, folder: Path, cache: Path) -> None:
    """Lay out the platform of a name in `folder` as its owner has it, but for the builds of its images, made once."""
    platform = Path(__file__).parent / name
    shutil.copytree(platform, folder, dirs_exist_ok=True)
    for built, kept in keep_images(platform, service, cache).items():
        shutil.rmtree(folder / built)
        shutil.copytree(kept, folder / built, copy_function=os.link)


def _fingerprint(platform: Path, cache: Path) -> str:
    """Return a name for what the images are made of: their files, and the base that is at hand."""
    digest = hashlib.sha256()
    for file in sorted(path for path in platform.rglob("*") if path.is_file() and path.parent != platform):
        digest.update(f"{file.relative_to(platform)}\0".encode() + file.read_bytes() + b"\0")
    base = cache / "images" / "root.tar"
    digest.update(str(base.stat().st_size if base.exists() else 0).encode())
    return digest.hexdigest()[:16]


def _build(platform: Path, service: str, cache: Path, folder: Path) -> None:
    with private(cache) as engine:
        for base in (UBUNTU, PYTHON_SLIM):
            provide(base, engine.docker, cache)
        compose_file = platform / "compose.yml"
        deployment = read_deployment([compose_file], service, compose=engine.compose, environment=engine.environment)
        model = sandboxed(deployment, Run("platforms"), ca_bundle=host_ca_bundle()).model
        write_model(model, folder)
        build = [*engine.compose, "build"]
        commands.check(build, cwd=folder, env=engine.environment, timeout=BUILD_SECONDS)
        for name, image in _built(model):
            _export(engine, image, folder / "images" / name)


def _built(model: Model) -> Iterator[tuple[str, str]]:
    """Yield each service that is built, with the name that Compose gives its image."""
    for name, service in model["services"].items():
        if service.get("build"):
            yield name, f"{model['name']}-{name}"


def _export(engine: Engine, image: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    configuration = json.loads(commands.check(["docker", "image", "inspect", image], env=engine.environment).text)
    container = commands.check(["docker", "create", image, "true"], env=engine.environment).text
    export = ["docker", "export", "--output", str(folder / "root.tar"), container]
    commands.check(export, env=engine.environment, timeout=BUILD_SECONDS)
    (folder / "Dockerfile").write_text("\n".join(dockerfile(configuration[0]["Config"])) + "\n", encoding="utf-8")


def dockerfile(configuration: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a Dockerfile that makes an image of a file system and of what an image says of itself."""
    yield "FROM scratch"
    yield "ADD root.tar /"
    for variable in configuration.get("Env") or ():
        name, _, value = variable.partition("=")
        yield f"ENV {name}={json.dumps(value).replace('$', chr(92) + '$')}"
    for port in configuration.get("ExposedPorts") or ():
        yield f"EXPOSE {port}"
    for word, option in (("WORKDIR", "WorkingDir"), ("USER", "User"), ("STOPSIGNAL", "StopSignal")):
        if value := configuration.get(option):
            yield f"{word} {value}"
    for word, option in (("VOLUME", "Volumes"), ("ENTRYPOINT", "Entrypoint"), ("CMD", "Cmd")):
        if value := configuration.get(option):
            yield f"{word} {json.dumps(list(value))}"
