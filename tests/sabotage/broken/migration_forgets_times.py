"""Every migrated picture looks new: galleries that sort by date are in disorder."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.script, "  tar -x -f - -C", "  tar -m -x -f - -C")
