"""A cache keeps its files among the media: the operator restores last month's cache with the pictures."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.compose_file,
        "\nvolumes:\n  # Without",
        "\n  cache:\n    build: ./service\n    command: [tail, -f, /dev/null]\n    init: true\n    volumes:\n      - media_volume:/var/cache/app\n\nvolumes:\n  # Without",
    )
