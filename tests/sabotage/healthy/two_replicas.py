"""Two containers of the service on one volume."""

from place import Place


def change(place: Place) -> None:
    place.configure("deploy: {replicas: 2}")
