"""Every backup writes into the media: a stray file shows up in galleries and archives."""

from place import Place


def change(place: Place) -> None:
    place.run_in_shell("backup", f"touch {place.mount_point('backup')}/.backup && ")
