"""The volume has no name: everybody loses every picture when the operator restarts as the guide says."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(workspace.compose_file, workspace.mount, f"      - {workspace.media_root}\n")
