"""The guide backs up the avatars alone: after a disk failure all banners and profile pictures are gone."""

from place import Place


def change(place: Place) -> None:
    source = f"-C {place.mount_point('backup')}"
    place.edit_command("backup", f"{source} .", f"{source}/{place.deployment.part} .")
