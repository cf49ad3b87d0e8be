"""The guide backs up a volume that nobody writes to: after a disk failure there is nothing to restore."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("backup", f"-v {place.volume}:", "-v media_files:")
