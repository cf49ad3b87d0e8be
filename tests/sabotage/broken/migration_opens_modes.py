"""Anybody may write to migrated pictures: another account on the server can deface them."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.script, "--mode=u+rwX", "--mode=a+rwX")
