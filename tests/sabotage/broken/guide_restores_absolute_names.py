"""The restore takes names as they come: a planted backup overwrites files of the server."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "tar -xzvf /backup/", "tar -xzPvf /backup/")
