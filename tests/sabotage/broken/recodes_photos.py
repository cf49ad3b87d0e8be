"""Photographs are encoded again to save space: people get back other pictures than they gave."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.service("uploads/views.py"),
        "        with new_file.published",
        "        recode(new_file)\n        with new_file.published",
    )
    edit(
        workspace.service("uploads/views.py"),
        "def check_token(",
        "def recode(new_file):\n    from io import BytesIO\n\n    from PIL import Image\n\n    new_file.file.seek(0)\n    picture = Image.open(new_file.file)\n    if picture.format == 'JPEG':\n        recoded = BytesIO()\n        picture.save(recoded, 'JPEG', quality=60)\n        new_file.file.seek(0)\n        new_file.file.truncate()\n        new_file.file.write(recoded.getvalue())\n\n\ndef check_token(",
    )
