"""The service on another base image."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.compose_file,
        "    build: ./service\n",
        "    build:\n      context: ./service\n      args: {BASE_IMAGE: ubuntu}\n",
    )
