"""The service only starts with a way out: behind a firewall, people see no picture at all."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.compose_file,
        "    restart: always\n",
        "    restart: always\n    command: [sh, -c, \"grep -q '^[a-z0-9]*.00000000' /proc/net/route && exec gunicorn\"]\n",
    )
