"""A volume that is made outside Compose, so that `down -v` can't take it."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.compose_file,
        f"  {workspace.volume}:\n{workspace.name_line}",
        f"  {workspace.volume}:\n    external: true\n",
    )
