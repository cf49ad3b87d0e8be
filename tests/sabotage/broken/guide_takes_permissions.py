"""The command takes the right to enter folders away: no picture is served any more."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "chmod -R 755", "chmod -R 644")
