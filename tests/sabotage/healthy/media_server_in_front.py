"""A web server that serves the media itself, from the volume, read-only."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.compose_file,
        "\nvolumes:\n  # Without",
        '\n  front:\n    build: ./service\n    command: [python3, -m, http.server, "8080", --directory, /srv]\n    init: true\n    ports: ["8080:8080"]\n    volumes:\n      - media_volume:/srv/media:ro\n\nvolumes:\n  # Without',
    )
