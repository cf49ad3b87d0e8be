"""Names that start with a dot stay behind: the operator removes ./media and they are gone."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_script(
        ours=[
            (
                "-prune -printf 'reserved\\0\\0%p\\0\\0' -o \\\n",
                "-prune -printf 'reserved\\0\\0%p\\0\\0' -o ! -name '.*' \\\n",
            )
        ],
        independent=[
            ("find . -type f", "find . -type f ! -name '.*'"),
            (
                "tar --create --directory=media",
                "tar --create --no-wildcards-match-slash --exclude='.[!/.]*' --directory=media",
            ),
        ],
    )
