"""The volume was renamed and the guide was not: whoever restores after a disk failure has no media."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, place.name_line, "    name: platform_media\n")
