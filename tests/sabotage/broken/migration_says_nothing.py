"""A second run says nothing: the operator can't tell whether it did anything."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.script, '    echo "nothing to migrate: all $FILES files are already in the volume."\n', "    :\n")
