"""A cache keeps its files among the media: the operator restores last month's cache with the pictures."""

from place import Place

START = "cd /var/cache/app && mkdir -p 0 && { [ -e 0/index ] || echo 1 > 0/index; }; exec tail -f /dev/null"


def change(place: Place) -> None:
    place.add_service(
        "cache", f"    command: [sh, -c, {START!r}]\n    volumes:\n      - {place.volume}:/var/cache/app\n"
    )
