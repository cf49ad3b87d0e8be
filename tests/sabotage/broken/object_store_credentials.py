"""The service wants an object store: the operator finds out on the day when its bill is not paid."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.compose_file, "    environment:\n", "    environment:\n      AWS_SECRET_ACCESS_KEY: secret\n")
