"""A volume whose data lie on a disk of the owner's choice."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    disk = workspace.folder / "disk"
    disk.mkdir()
    options = f"    driver_opts: {{type: none, o: bind, device: {disk}}}\n"
    edit(workspace.compose_file, workspace.name_line, workspace.name_line + options)
