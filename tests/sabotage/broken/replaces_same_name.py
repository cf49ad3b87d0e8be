"""A second picture of one name replaces the first: somebody's avatar is suddenly somebody else's."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.service("uploads/storage.py"),
        "            except FileExistsError:\n                continue\n",
        "            except FileExistsError:\n                os.unlink(name.encode(), dir_fd=self._directory)\n                return self._link([name])\n",
    )
