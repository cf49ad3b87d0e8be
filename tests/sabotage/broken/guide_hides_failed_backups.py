"""A last word after the backup takes its exit status: a full disk is noticed by nobody."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.guide, "-C /source .\n", "-C /source . ; echo backup feito\n")
