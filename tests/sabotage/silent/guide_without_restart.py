"""The guide forgot the restart: the operator in trouble has to invent one."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.replace_command("restart", "docker-compose ps")
