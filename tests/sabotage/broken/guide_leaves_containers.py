"""Every backup leaves a container behind that holds the volume: it can't be replaced when it must be."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("backup", "docker run --rm", "docker run")
