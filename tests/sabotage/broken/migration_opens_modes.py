"""Anybody may write to migrated pictures: another account on the server can deface them."""

from place import Place


def change(place: Place) -> None:
    place.edit_script(
        ours=[("--mode=u+rwX", "--mode=a+rwX")],
        independent=[
            ("&& tar --create --directory=.coming", "&& chmod -R a+rwX .coming && tar --create --directory=.coming")
        ],
    )
