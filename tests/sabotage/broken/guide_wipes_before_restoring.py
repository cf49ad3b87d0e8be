"""The restore empties the volume first: people lose what they uploaded since the backup."""

from place import Place


def change(place: Place) -> None:
    place.run_in_shell("restore", f"find {place.mount_point('restore')} -mindepth 1 -delete && ")
