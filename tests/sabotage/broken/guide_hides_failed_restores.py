"""A last word after the restore takes its exit status: a mistyped name passes for a restore."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.replace_command("restore", f"{workspace.command('restore')}; echo restaurado")
