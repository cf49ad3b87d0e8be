"""Docker's volumes lie on a disk that is empty at every boot: everybody loses every picture when the server restarts."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.replace_program(
        "dockerd",
        f"""\
for option; do
    case $option in --data-root=*) rm -rf "${{option#*=}}"/volumes/{workspace.volume}/_data/*;; esac
done
exec "$real" "$@"
""",
    )
