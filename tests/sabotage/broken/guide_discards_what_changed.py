"""A backup is deleted if there was an upload during it: a busy platform has none, unnoticed until the disaster."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    command = workspace.command("backup")
    workspace.replace_command("backup", f"{command} || {{ rm -f backups/*_$(date +%Y%m%d).tar.gz; false; }}")
