"""The guide forgot the backup command: whoever follows it has no backup."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.replace_command("backup", "# veja o manual do Docker")
