"""The originals are removed: when anything went wrong, nothing is left to go back to."""

from place import Place


def change(place: Place) -> None:
    place.edit_script(
        ours=[("  verify\n  end_progress\n", '  verify\n  find "$SOURCE" -type f -delete\n  end_progress\n')],
        independent=[('echo "brought: ', 'find media -type f -delete\necho "brought: ')],
    )
