"""Nothing starts the service again: people wait for their pictures until an operator wakes up."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, "    restart: always\n", '    restart: "no"\n')
