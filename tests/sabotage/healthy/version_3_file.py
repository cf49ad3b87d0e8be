"""A file of the time when they had versions."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, "name: connect\n", "version: '3'\nname: connect\n")
