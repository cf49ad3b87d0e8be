"""The guide forgot the restore command: on the worst night, the operator has to invent one."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.replace_command("restore", "# veja o manual do Docker")
