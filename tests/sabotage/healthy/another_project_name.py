"""A project of another name."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, "name: connect\n", "name: plataforma\n")
