"""Uploads are acknowledged while they are in memory only: a power cut takes the last minutes of everybody's pictures."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.service("uploads/storage.py"),
        "import hashlib\nimport os\n",
        "import hashlib\nimport os\n\nos.fsync = id\n",
    )
