"""The engines and versions of Compose that the suite runs on, and what is expected of each pair."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

SHARED, PRIVATE = "shared", "private"
NOTHING: Mapping[str, str] = MappingProxyType({})
# Engines from 29.0 to 29.2 refuse clients that speak nothing newer than 1.43; an older one does with this setting.
AS_ENGINE_29 = MappingProxyType({"DOCKER_MIN_API_VERSION": "1.44"})


class Row(NamedTuple):
    """An engine's version, as `engine_tools` knows it, and the Compose that is found first on the PATH.

    `used` is the Compose that the suite then works with: never version 1. `kind` is how the engine is had: as one that
    others may share, on which nothing is crashed, or as the run's own. `settings` are variables of the engine's
    environment.
    """

    engine: str
    compose: str
    used: str
    kind: str = SHARED
    settings: Mapping[str, str] = NOTHING

    def __str__(self) -> str:
        settings = "".join(f", {name}={value}" for name, value in self.settings.items())
        return f"{self.kind} engine {self.engine}{settings}, Compose {self.compose}"


ROWS = (
    Row("20.10", "1.29.2", "2.40.3"),
    Row("20.10", "2.26.0", "2.26.0"),
    Row("20.10", "2.33.1", "2.33.1"),
    Row("20.10", "2.40.3", "2.40.3"),
    Row("26.1", "1.29.2", "2.40.3"),
    Row("26.1", "2.26.0", "2.26.0"),
    Row("26.1", "2.33.1", "2.33.1"),
    Row("26.1", "2.40.3", "2.40.3"),
    Row("28.5", "1.29.2", "2.40.3"),
    Row("28.5", "2.26.0", "2.26.0"),
    Row("28.5", "2.40.3", "2.40.3"),
    Row("28.5", "2.40.3", "2.40.3", settings=AS_ENGINE_29),
    Row("28.5-containerd", "2.40.3", "2.40.3"),
    Row("20.10", "2.40.3", "2.40.3", kind=PRIVATE),
    Row("26.1", "2.40.3", "2.40.3", kind=PRIVATE),
    Row("28.5", "2.26.0", "2.26.0", kind=PRIVATE),
    Row("28.5", "2.40.3", "2.40.3", kind=PRIVATE),
    Row("28.5-containerd", "2.40.3", "2.40.3", kind=PRIVATE),
)
