"""A service that runs as root, as many do."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, "    build: ./service\n", "    build: ./service\n    user: root\n")
