"""The guide forgot the restart: the operator in trouble has to invent one."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "docker-compose down && docker-compose up -d", "docker-compose ps")
