"""Compose prefixes the project: whoever needs the backup after a disk failure finds an empty archive."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, place.name_line, "")
