"""A run that copies prints as little as one that has nothing to do: the operator can't tell which it was."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.script, "    printf '%s\\n' \"$ME: $1${2:+ ($2)}\" >&2\n", "    :\n")
    for line in (
        "  echo \"copied $FILES files and $FOLDERS folders to $MEDIA_ROOT in '$SERVICE'.\"\n",
        '  echo "read back and identical: $FILES files, $FOLDERS folders."\n',
        '    echo "nothing to migrate: all $FILES files are already in the volume."\n',
    ):
        edit(place.script, line, "    :\n")
