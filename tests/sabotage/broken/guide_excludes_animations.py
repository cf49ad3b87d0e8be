"""Animations are left out to save space: after a disk failure people miss theirs."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_command("backup", " -C ", " --exclude=*.gif -C ")
