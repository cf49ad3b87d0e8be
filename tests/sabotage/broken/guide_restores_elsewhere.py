"""The guide restores into a folder of its own: pictures are on the disk and on no page."""

from place import Place


def change(place: Place) -> None:
    folder = place.mount_point("restore")
    place.run_in_shell("restore", f"mkdir -p {folder}/restored && ")
    place.edit_command("restore", f"-C {folder}", f"-C {folder}/restored")
