"""A picture's content is synced, the directory with its name is not: after a power cut nobody finds the last ones."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.service("uploads/storage.py"),
        "            os.fsync(self._directory)\n            yield name\n",
        "            yield name\n",
    )
