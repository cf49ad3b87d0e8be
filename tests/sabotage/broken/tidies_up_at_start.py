"""A clean-up at start takes old avatars for rubbish: people lose theirs at every deploy."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.service("connect/boot.py"),
        "            make_directory(settings.MEDIA_ROOT / kind)\n",
        "            make_directory(settings.MEDIA_ROOT / kind)\n"
        "        for file in (settings.MEDIA_ROOT / 'avatars').iterdir():\n"
        "            file.unlink()\n",
    )
