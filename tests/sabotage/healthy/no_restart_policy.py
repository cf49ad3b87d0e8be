"""No restart policy: nobody promised that the service comes back by itself, and its media survive all the same."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, "    restart: always\n", '    restart: "no"\n')
