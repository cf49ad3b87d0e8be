"""A guide that prints the same commands with long options, over several lines."""

import re

from workspace import Workspace


def change(workspace: Workspace) -> None:
    longer = (
        (f"-v {workspace.volume}:", f"--volume {workspace.volume}:"),
        ("-v $(pwd)/backups:", '--volume "$(pwd)/backups":'),
        (" ubuntu tar ", " ubuntu \\\n  tar "),
        (" -C ", " \\\n  --directory "),
    )
    for short, long in longer:
        workspace.edit_command("backup", short, long)
    options = re.sub(r"tar -czv?f", "tar --create --gzip --verbose --file", workspace.command("backup"))
    workspace.replace_command("backup", options)
    workspace.replace_command("restart", "docker compose down\ndocker compose up --detach")
