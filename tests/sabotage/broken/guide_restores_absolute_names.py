"""The restore takes names as they come: a planted backup overwrites files of the server."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("restore", "tar -", "tar -P -")
