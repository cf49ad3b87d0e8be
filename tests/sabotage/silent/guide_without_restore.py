"""The guide forgot the restore command: on the worst night, the operator has to invent one."""

from place import Place


def change(place: Place) -> None:
    place.replace_command("restore", "# veja o manual do Docker")
