"""The guide forgot the migration: media from before the volume stay behind."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.replace_command("migrate", "ls")
