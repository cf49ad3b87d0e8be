"""The originals are removed: when anything went wrong, nothing is left to go back to."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.script, "  verify\n  end_progress\n", '  verify\n  find "$SOURCE" -type f -delete\n  end_progress\n')
