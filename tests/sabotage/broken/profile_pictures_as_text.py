"""Profile pictures are served as text: browsers show rubbish where faces should be."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.service("uploads/serving.py"),
        '        headers = {"Last-Modified": http_date(modified)}\n        return FileResponse(file, content_type=content_type(os.fsdecode(name)), headers=headers)\n',
        '        headers = {"Last-Modified": http_date(modified)}\n        kind = "text/plain" if name.startswith(b"profile_pictures/") else content_type(os.fsdecode(name))\n        return FileResponse(file, content_type=kind, headers=headers)\n',
    )
