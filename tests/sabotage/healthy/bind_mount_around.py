"""The code is mounted from the host, with the volume inside it, as on a developer's machine."""

from pathlib import PurePosixPath

from place import DoesNotApply, Place, edit


def change(place: Place) -> None:
    if not (code := place.deployment.code):
        raise DoesNotApply("its code is in its image alone")
    edit(place.compose_file, place.mount, f"      - {code}:{PurePosixPath(place.media_root).parent}\n{place.mount}")
