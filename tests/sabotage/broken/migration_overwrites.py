"""Old files replace newer ones of the same name: people see last year's picture again."""

from place import Place


def change(place: Place) -> None:
    place.edit_script(
        ours=[("OVERWRITE=no\n", "OVERWRITE=yes\n")],
        independent=[("--skip-old-files", "--overwrite")],
    )
