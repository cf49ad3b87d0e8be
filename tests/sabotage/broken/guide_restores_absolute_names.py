"""The restore takes names as they come: a planted backup overwrites files of the server."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("restore", "tar -", "tar -P -")
