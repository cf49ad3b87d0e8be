"""A backup is deleted if there was an upload during it: a busy platform has none, unnoticed until the disaster."""

from place import Place


def change(place: Place) -> None:
    command = place.command("backup")
    place.replace_command("backup", f"{command} || {{ rm -f backups/*_$(date +%Y%m%d).tar.gz; false; }}")
