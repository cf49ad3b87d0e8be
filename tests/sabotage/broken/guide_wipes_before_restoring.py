"""The restore empties the volume first: people lose what they uploaded since the backup."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.run_in_shell("restore", f"find {workspace.mount_point('restore')} -mindepth 1 -delete && ")
