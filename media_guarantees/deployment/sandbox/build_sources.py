"""What an image of the sandbox is built from: the deployment's own files, and nothing else of this machine.

A build runs the owner's commands on the host's network, so that they can fetch packages: what it could read of other
files it could also send away.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from media_guarantees.core.errors import BadInput
from media_guarantees.deployment.compose.compose_model import Deployment, Model
from media_guarantees.system.run_id import LABEL

CA_SECRET = "ca_bundle"  # noqa: S105 - its name


def restrict_build(name: str, service: Model, deployment: Deployment, ca_bundle: str) -> list[str]:
    """Restrict the `build` of a service, if it has one, and return what was left out of it in sentences.

    Raises `BadInput` for a context or a Dockerfile that is not one of the deployment's own files.
    """
    build = service.get("build")
    if build is None:
        return []
    # Our build must not move a tag that the owner's engine may know.
    service.pop("image", None)
    _check_sources(name, build, deployment)
    build["network"] = "host"
    # No label of this run alone: an image that is the same needs no building again.
    build["labels"] = {**(build.get("labels") or {}), LABEL: "build"}
    left_out = [*_drop_contexts(build, deployment), *_drop_secrets(build, deployment)]
    if ca_bundle:
        build["secrets"] = [*(build.get("secrets") or ()), {"source": CA_SECRET}]
    return [f"{name}: {', '.join(left_out)} left out: not the deployment's own"] if left_out else []


def build_on_the_engines_network(model: Model) -> None:
    """Have the builds of a sandboxed model use the engine's own network, as the owner's do, in place of the host's."""
    for service in model["services"].values():
        (service.get("build") or {}).pop("network", None)


def _check_sources(name: str, build: Model, deployment: Deployment) -> None:
    context = str(build.get("context") or deployment.folder)
    sources = [context]
    if not build.get("dockerfile_inline"):
        sources.append(posixpath.join(context, str(build.get("dockerfile") or "Dockerfile")))
    for source in sources:
        if not is_own_path(source, deployment):
            raise BadInput(
                f"{name} should be built from the deployment's own files, but {source} is not below {deployment.tree}",
                "put the file that describes the build into the repository that it builds, or build the image yourself "
                "and name it: image: …",
                means="a build runs commands that could read and send away what else is there, so nothing is built",
            )


def is_own_path(source: str, deployment: Deployment) -> bool:
    """Whether `source`, absolute as Compose prints paths, is on this machine and one of the deployment's own files."""
    return source.startswith("/") and deployment.owns(Path(source))


def _drop_contexts(build: Model, deployment: Deployment) -> Iterator[str]:
    contexts = dict(build.get("additional_contexts") or {})
    for key, source in contexts.items():
        if not (str(source).startswith(("docker-image://", "service:")) or is_own_path(str(source), deployment)):
            yield f"build.additional_contexts.{key}"
            del build["additional_contexts"][key]


def _drop_secrets(build: Model, deployment: Deployment) -> Iterator[str]:
    written: dict[str, Any] = deployment.model.get("secrets") or {}
    for given in list(build.get("secrets") or ()):
        source = written.get(given["source"]) or {}
        if not (source.get("environment") or is_own_path(str(source.get("file", "")), deployment)):
            yield f"build.secrets.{given['source']}"
            build["secrets"].remove(given)


def host_ca_bundle() -> str:
    """Return the file of certificate authorities that this machine's environment names; "" if it names none."""
    named = (os.environ.get(name, "") for name in ("PIP_CERT", "SSL_CERT_FILE"))
    return next((path for path in named if path and Path(path).is_file()), "")
