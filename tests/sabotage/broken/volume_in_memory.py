"""The volume lives in memory: everybody loses every picture when the service stops."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.compose_file,
        "    name: media_volume\n",
        "    name: media_volume\n    driver_opts: {type: tmpfs, device: tmpfs, o: size=600m}\n",
    )
