"""Other mounts beside the volume."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.compose_file,
        "      - media_volume:/usr/src/platform/media\n",
        "      - media_volume:/usr/src/platform/media\n      - ./docs:/usr/share/guide:ro\n      - type: tmpfs\n        target: /scratch\n",
    )
