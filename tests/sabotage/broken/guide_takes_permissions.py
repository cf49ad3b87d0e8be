"""The command takes the right to enter folders away: no picture is served any more."""

import re

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.replace_command("permissions", re.sub(r"chmod -R \S+", "chmod -R 644", workspace.command("permissions")))
