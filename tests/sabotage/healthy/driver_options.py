"""A volume whose data lie on a disk of the owner's choice."""

from place import Place, edit


def change(place: Place) -> None:
    disk = place.folder / "disk"
    disk.mkdir()
    options = f"    driver_opts: {{type: none, o: bind, device: {disk}}}\n"
    edit(place.compose_file, place.name_line, place.name_line + options)
