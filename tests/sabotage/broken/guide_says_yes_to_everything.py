"""The restart answers Compose's question beforehand: a changed label of the volume, and everybody loses every picture."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("restart", "up -d", "up -d -y")
