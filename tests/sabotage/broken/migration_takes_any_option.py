"""A mistyped option is ignored: --dry-rnu copies everything."""

from place import Place, edit


def change(place: Place) -> None:
    edit(place.script, "        exit 2\n        ;;\n    esac", "        ;;\n    esac")
