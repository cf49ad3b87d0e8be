"""The restart takes the volumes down as well: everybody loses every picture."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("restart", "down &&", "down -v &&")
