"""The restart takes the volumes down as well: everybody loses every picture."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "docker-compose down && docker-compose up -d", "docker-compose down -v && docker-compose up -d")
