"""The code is mounted from the host, with the volume inside it, as on a developer's machine."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.compose_file,
        "      - media_volume:/usr/src/platform/media\n",
        "      - ./service:/usr/src/platform\n      - media_volume:/usr/src/platform/media\n",
    )
