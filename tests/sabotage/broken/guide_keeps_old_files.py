"""The restore keeps whatever is there: damaged pictures stay damaged, and a new volume root's."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("restore", "tar -", "tar --skip-old-files -")
