"""WebP pictures are served as unknown data: browsers download them instead of showing them."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.service("uploads/serving.py"),
        "        return FileResponse(file, content_type=content_type(os.fsdecode(name)), headers=headers)\n",
        '        kind = content_type(os.fsdecode(name)).replace("image/webp", "application/octet-stream")\n        return FileResponse(file, content_type=kind, headers=headers)\n',
    )
