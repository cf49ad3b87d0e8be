"""The guide forgot the backup command: whoever follows it has no backup."""

from place import Place


def change(place: Place) -> None:
    place.replace_command("backup", "# veja o manual do Docker")
