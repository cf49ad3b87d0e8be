"""The restart starts another project, whose volume is a new one: people find none of their pictures."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(workspace.compose_file, workspace.name_line, "")
    project = workspace.deployment.project or workspace.deployment.name
    for procedure in ("backup", "restore"):
        command = workspace.command(procedure)
        workspace.replace_command(procedure, command.replace(workspace.volume, f"{project}_{workspace.volume}"))
    workspace.edit_command("restart", "compose up", "compose -p platform up")
