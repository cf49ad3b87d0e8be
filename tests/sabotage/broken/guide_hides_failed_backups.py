"""A last word after the backup takes its exit status: a full disk is noticed by nobody."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.replace_command("backup", f"{workspace.command('backup')} ; echo backup feito")
