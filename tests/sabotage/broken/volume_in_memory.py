"""The volume lives in memory: everybody loses every picture when the service stops."""

from place import Place, edit


def change(place: Place) -> None:
    options = "    driver_opts: {type: tmpfs, device: tmpfs, o: size=600m}\n"
    edit(place.compose_file, place.name_line, place.name_line + options)
