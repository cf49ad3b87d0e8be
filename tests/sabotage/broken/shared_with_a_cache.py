"""A cache keeps its files among the media: the operator restores last month's cache with the pictures."""

from place import Place


def change(place: Place) -> None:
    place.add_service(
        "cache", f"    command: [tail, -f, /dev/null]\n    volumes:\n      - {place.volume}:/var/cache/app\n"
    )
