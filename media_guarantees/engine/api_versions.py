"""An engine refuses clients that speak only older versions of its API than it still knows; here is what to do then.

From 29.0 to 29.2, engines know nothing older than 1.44, which is that of engine 25.0; others go back to 1.24 or more:
https://docs.docker.com/reference/api/engine/#deprecated-api-versions
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from media_guarantees.core.errors import BadInput
from media_guarantees.system import commands

# What every engine of the last years has known. An engine that asks for more may refuse a Compose that is in use.
EVERYBODY_SPEAKS = (1, 24)
_REFUSAL = re.compile(r"client version (\d[\d.]*\d) is too old\. Minimum supported API version is (\d[\d.]*\d)")


def check_not_refused(client: str, complaint: str, newer: str) -> None:
    """Raise `BadInput` if the engine's `complaint` is that `client` is too old for it; `newer` says what to do."""
    if found := _REFUSAL.search(complaint):
        spoken, wanted = found.groups()
        raise BadInput(
            f"{client} is too old for this engine: it speaks version {spoken} of its API, and the engine knows "
            f"nothing older than {wanted}",
            newer,
        )


def check_compose(compose: str, oldest: str, environment: Mapping[str, str]) -> None:
    """Raise `BadInput` if the engine, which knows no API older than `oldest`, refuses the program `compose`."""
    if not re.fullmatch(r"\d+\.\d+", oldest) or tuple(map(int, oldest.split("."))) <= EVERYBODY_SPEAKS:
        return
    listed = commands.run([compose, "ls", "--quiet"], env=environment)
    check_not_refused(
        f"the Docker Compose at {compose}",
        "" if listed.ok else listed.complaint,
        "install a newer one, 2.40 for example, or take this one off the PATH, so that the suite's own is used",
    )
