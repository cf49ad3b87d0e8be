"""The volume in the long syntax, which newer files prefer."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    source, target = f"        source: {workspace.volume}\n", f"        target: {workspace.media_root}/\n"
    edit(workspace.compose_file, workspace.mount, f"      - type: volume\n{source}{target}")
