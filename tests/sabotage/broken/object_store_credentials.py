"""The service wants an object store: the operator finds out on the day when its bill is not paid."""

from place import Place


def change(place: Place) -> None:
    place.set_variable("AWS_SECRET_ACCESS_KEY", "secret")
