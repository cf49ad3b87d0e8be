"""The restore asks for a note that the backup left beside the archive: on another server nobody has it."""

import re

from workspace import Workspace


def change(workspace: Workspace) -> None:
    for procedure, before in (("backup", "id > {}/note && "), ("restore", "test -s {}/note && ")):
        backups = re.search(r"-v \$\(pwd\)/backups:([^:\s]+)", workspace.command(procedure))
        if backups is None:
            raise ValueError(f"the {procedure} command mounts no backups: {workspace.command(procedure)}")
        workspace.run_in_shell(procedure, before.format(backups[1]))
