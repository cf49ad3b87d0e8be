"""Media lie in the container itself: everybody loses every picture at the next deploy."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, "      - media_volume:/usr/src/platform/media\n", "")
