"""Which sabotages are tried on which deployment, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from deployments import DEPLOYMENTS, INDEPENDENT, PLATFORM, Deployment
from table import BROKEN, HEALTHY, SILENT, Row, Silence

AnyRow = TypeVar("AnyRow", Row, Silence, str)

OWN_CODE = "the code of our own service is changed"
_OWN_CODE = (
    "acknowledges_before_it_writes",
    "avatars_recoded",
    "banners_among_avatars",
    "copies_outside",
    "image_hides_a_folder",
    "needs_a_way_out",
    "profile_pictures_as_text",
    "recodes_photos",
    "replaces_same_name",
    "serves_what_its_database_knows",
    "syncs_content_without_its_name",
    "syncs_name_without_its_content",
    "syncs_nothing",
    "takes_back_when_stopped",
    "tidies_up_at_start",
    "webp_as_octet_stream",
)
_NOT_OURS = {
    **dict.fromkeys(_OWN_CODE, OWN_CODE),
    "another_base_image": "its image takes no other base",
    "guide_in_english": "its guide is in English",
}
_MIGRATIONS = [row.name for row in BROKEN if row.name.startswith("migration_")]

# By the deployment's name and the sabotage's: what the deployment doesn't have.
LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    INDEPENDENT.name: _NOT_OURS,
    PLATFORM.name: {
        **_NOT_OURS,
        **dict.fromkeys(_MIGRATIONS, "it has no migration"),
        "guide_without_migration": "its guide has no command of its kind: migrate",
        "bind_mount_around": "its code is in its image alone",
    },
}


def everything_tried_on(deployment: Deployment) -> list[str]:
    """Return the names of all that is tried on a deployment."""
    names = [*(row.name for row in (*BROKEN, *SILENT)), *HEALTHY]
    return [name for name in names if name not in LEFT_OUT.get(deployment.name, {})]


def pairs(rows: tuple[AnyRow, ...]) -> Iterator[tuple[Deployment, AnyRow]]:
    """Yield each deployment with each of `rows` that is tried on it."""
    for deployment in DEPLOYMENTS:
        tried = everything_tried_on(deployment)
        for row in rows:
            if getattr(row, "name", row) in tried:
                yield deployment, row
