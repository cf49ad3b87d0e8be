"""A service that runs as root, as many do."""

from place import Place


def change(place: Place) -> None:
    place.configure("user: root")
