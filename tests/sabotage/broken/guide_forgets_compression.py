"""The archive is not compressed, and the restore expects that it is: on the day it is needed, it fails."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("backup", "ubuntu tar -cz", "ubuntu tar -c")
