"""No restart policy: nobody promised that the service comes back by itself, and its media survive all the same."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(workspace.compose_file, "    restart: always\n", '    restart: "no"\n')
