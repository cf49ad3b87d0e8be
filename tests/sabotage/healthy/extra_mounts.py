"""Other mounts beside the volume."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    guides = workspace.guide.parent.relative_to(workspace.folder)
    others = f"      - ./{guides}:/usr/share/guide:ro\n      - type: tmpfs\n        target: /scratch\n"
    edit(workspace.compose_file, workspace.mount, workspace.mount + others)
