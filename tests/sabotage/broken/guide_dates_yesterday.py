"""Backups bear yesterday's date: the operator restores the wrong day."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("backup", "$(date +", "$(date -d yesterday +")
