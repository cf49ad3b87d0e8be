"""A volume that is made outside Compose, so that `down -v` can't take it."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, "  media_volume:\n    name: media_volume\n", "  media_volume:\n    external: true\n")
