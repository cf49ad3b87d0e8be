"""The engines and versions of Compose that the suite runs on, and what is expected of each pair."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """An engine's version, as `engine_tools` knows it, and the Compose that is found first on the PATH.

    `used` is the Compose that the suite then works with: never version 1.
    """

    engine: str
    compose: str
    used: str

    def __str__(self) -> str:
        return f"engine {self.engine}, Compose {self.compose}"


ROWS = (
    Row("20.10", "1.29.2", "2.40.3"),
    Row("20.10", "2.26.0", "2.26.0"),
    Row("20.10", "2.33.1", "2.33.1"),
    Row("20.10", "2.40.3", "2.40.3"),
    Row("26.1", "1.29.2", "2.40.3"),
    Row("26.1", "2.26.0", "2.26.0"),
    Row("26.1", "2.33.1", "2.33.1"),
    Row("26.1", "2.40.3", "2.40.3"),
)
