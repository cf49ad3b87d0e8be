"""The date is asked late and elsewhere: backups around midnight bear the wrong day."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.run_in_shell("backup", quote="'")
