"""Every backup writes into the media: a stray file shows up in galleries and archives."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.run_in_shell("backup", f"touch {workspace.mount_point('backup')}/.backup && ")
