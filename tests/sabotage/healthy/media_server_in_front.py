"""A web server that serves the media itself, from the volume, read-only."""

from place import Place


def change(place: Place) -> None:
    command = '[python3, -m, http.server, "8080", --directory, /srv]'
    volumes = f"    volumes:\n      - {place.volume}:/srv/media:ro\n"
    place.add_service("front", f'    command: {command}\n    ports: ["8080:8080"]\n{volumes}')
