"""The volume lives in memory: everybody loses every picture when the service stops."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    options = "    driver_opts: {type: tmpfs, device: tmpfs, o: size=600m}\n"
    edit(workspace.compose_file, workspace.name_line, workspace.name_line + options)
