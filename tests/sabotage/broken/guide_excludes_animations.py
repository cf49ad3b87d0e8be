"""Animations are left out to save space: after a disk failure people miss theirs."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("backup", " -C ", " --exclude=*.gif -C ")
