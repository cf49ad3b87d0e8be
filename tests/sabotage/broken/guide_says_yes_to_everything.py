"""The restart answers Compose's question beforehand: a changed label of the volume, and everybody loses every picture."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "docker-compose down && docker-compose up -d", "docker-compose down && docker-compose up -d -y")
