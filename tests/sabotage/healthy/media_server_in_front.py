"""A web server that serves the media itself, from the volume, read-only."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    command = '[python3, -m, http.server, "8080", --directory, /srv]'
    volumes = f"    volumes:\n      - {workspace.volume}:/srv/media:ro\n"
    workspace.add_service("front", f'    command: {command}\n    ports: ["8080:8080"]\n{volumes}')
