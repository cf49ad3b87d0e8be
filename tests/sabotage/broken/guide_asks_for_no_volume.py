"""The backup doesn't ask whether its volume is there: a mistyped name makes an empty backup, with status 0."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "docker volume inspect media_volume > /dev/null && ", "")
