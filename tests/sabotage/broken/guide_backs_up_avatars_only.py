"""The guide backs up the avatars alone: after a disk failure all banners and profile pictures are gone."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    source = f"-C {workspace.mount_point('backup')}"
    workspace.edit_command("backup", f"{source} .", f"{source}/{workspace.deployment.part} .")
