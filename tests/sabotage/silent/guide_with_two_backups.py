"""The guide prints two backup commands that differ: an operator can't tell which one is meant, and neither can we."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    command = workspace.command("backup")
    other = command.replace("tar -cz", "tar -c").replace(".tar.gz", ".tar")
    workspace.replace_command("backup", f"{command}\n```\n\n```bash\n{other}")
