"""Every backup leaves a container behind that holds the volume: it can't be replaced when it must be."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("backup", "docker run --rm", "docker run")
