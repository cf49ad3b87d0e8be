"""Two containers of the service on one volume."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, "    restart: always\n", "    restart: always\n    deploy: {replicas: 2}\n")
