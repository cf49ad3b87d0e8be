"""A service that runs as root, as many do."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.configure("user: root")
