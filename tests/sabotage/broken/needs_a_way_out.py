"""Uploads go by way of a service outside: when the server's line is down, nobody can upload."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.service("uploads/views.py"),
        "        check_length(request)\n",
        "        check_length(request)\n"
        "        with open('/proc/net/route') as routes:\n"
        "            if all(line.split()[1] != '00000000' for line in routes):\n"
        "                raise Refusal(503, 'The object store is out of reach.')\n",
    )
