"""The command repairs a folder that isn't there: the operator's trouble stays."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "chmod -R 755 /usr/src/platform/media", "chmod -R 755 /usr/src/platform/static")
