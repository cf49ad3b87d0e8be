"""Docker's volumes lie on a disk that is empty at every boot: everybody loses every picture when the server restarts."""

from place import Place


def change(place: Place) -> None:
    place.replace_program(
        "dockerd",
        f"""\
for option; do
    case $option in --data-root=*) rm -rf "${{option#*=}}"/volumes/{place.volume}/_data/*;; esac
done
exec "$real" "$@"
""",
    )
