"""The guide forgot the migration: media from before the volume stay behind."""

from place import Place


def change(place: Place) -> None:
    place.replace_command("migrate", "ls")
