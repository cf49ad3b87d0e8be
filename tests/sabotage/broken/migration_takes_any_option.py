"""A mistyped option is ignored: --dry-rnu copies everything."""

from place import Place


def change(place: Place) -> None:
    place.edit_script(
        ours=[("        exit 2\n        ;;\n    esac", "        ;;\n    esac")],
        independent=[("(($# == 0))", "true")],
    )
