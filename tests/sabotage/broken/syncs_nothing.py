"""Uploads are acknowledged while they are in memory only: a power cut takes the last minutes of everybody's pictures."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.service("uploads/storage.py"),
        "import hashlib\nimport os\n",
        "import hashlib\nimport os\n\nos.fsync = id\n",
    )
