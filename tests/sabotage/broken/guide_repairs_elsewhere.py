"""The command repairs a folder that isn't there: the operator's trouble stays."""

from pathlib import PurePosixPath

from place import Place


def change(place: Place) -> None:
    place.edit_command("permissions", place.media_root, str(PurePosixPath(place.media_root).with_name("static")))
