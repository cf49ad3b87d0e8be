"""Old files replace newer ones of the same name: people see last year's picture again."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.script, "OVERWRITE=no\n", "OVERWRITE=yes\n")
