"""The listing shows another folder: the operator believes that the media are gone."""

from pathlib import PurePosixPath

from place import Place


def change(place: Place) -> None:
    place.edit_command("inspect", place.media_root, str(PurePosixPath(place.media_root).parent))
