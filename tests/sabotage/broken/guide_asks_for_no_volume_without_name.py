"""Connect's first guide and compose file together: every backup is empty, and nobody is told."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "docker volume inspect media_volume > /dev/null && ", "")
    edit(place.compose_file, "    name: media_volume\n", "")
