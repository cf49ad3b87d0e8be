"""A run that copies prints as little as one that has nothing to do: the operator can't tell which it was."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_script(
        ours=[
            ("    printf '%s\\n' \"$ME: $1${2:+ ($2)}\" >&2\n", "    :\n"),
            ("  echo \"copied $FILES files and $FOLDERS folders to $MEDIA_ROOT in '$SERVICE'.\"\n", "    :\n"),
            ('  echo "read back and identical: $FILES files, $FOLDERS folders."\n', "    :\n"),
            ('    echo "nothing to migrate: all $FILES files are already in the volume."\n', "    :\n"),
        ],
        independent=[('echo "in place: ./media"', ":"), ('echo "brought: ./media"', ":")],
    )
