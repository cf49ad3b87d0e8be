"""Only pictures that the database knows are served: on another server, everybody's are restored and nobody sees them."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.service("uploads/serving.py"),
        "        file = _open(_locate(name))\n",
        "        from uploads.models import Upload\n\n"
        "        if not Upload.objects.filter(path=os.fsdecode(name)).exists():\n"
        "            raise _not_there()\n"
        "        file = _open(_locate(name))\n",
    )
