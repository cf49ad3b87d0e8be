"""Banners land among the avatars: the operator who restores banners doesn't find them."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.service("uploads/views.py"),
        '    """Store the request\'s picture and its record; nothing of either stays if anything fails."""\n',
        '    """Store the request\'s picture and its record; nothing of either stays if anything fails."""\n    kind = {"event_banners": "avatars"}.get(kind, kind)\n',
    )
