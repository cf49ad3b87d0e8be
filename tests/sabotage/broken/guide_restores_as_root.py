"""Restored files belong to root: the service can't replace or delete any of them."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("restore", "tar -", "tar --no-same-owner -")
