"""The volume in the long syntax, which newer files prefer."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.compose_file,
        "      - media_volume:/usr/src/platform/media\n",
        "      - type: volume\n        source: media_volume\n        target: /usr/src/platform/media/\n",
    )
