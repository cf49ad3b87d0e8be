"""The guide forgot the restart: the operator in trouble has to invent one."""

from place import Place


def change(place: Place) -> None:
    place.replace_command("restart", "docker-compose ps")
