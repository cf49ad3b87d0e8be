"""Media lie in the container itself: everybody loses every picture at the next deploy."""

from place import Place


def change(place: Place) -> None:
    place.drop_mount()
