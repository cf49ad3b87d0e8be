"""The backup doesn't ask whether its volume is there: a mistyped name makes an empty backup, with status 0."""

from place import Place


def change(place: Place) -> None:
    place.edit_command("backup", f"docker volume inspect {place.volume} > /dev/null && ", "")
