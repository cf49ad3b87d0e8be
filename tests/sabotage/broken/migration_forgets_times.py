"""Every migrated picture looks new: galleries that sort by date are in disorder."""

from place import Place


def change(place: Place) -> None:
    place.edit_script(
        ours=[("  tar -x -f - -C", "  tar -m -x -f - -C")],
        independent=[("--skip-old-files", "--skip-old-files --touch")],
    )
