"""Backups bear yesterday's date: the operator restores the wrong day."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("backup", "$(date +", "$(date -d yesterday +")
