"""Media lie in the container itself: everybody loses every picture at the next deploy."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.drop_mount()
