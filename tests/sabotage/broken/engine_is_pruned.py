"""What no container uses is pruned at once, volumes too: everybody loses every picture at the next restart."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.replace_program(
        "docker-compose",
        """\
"$real" "$@" || exit
for word; do
    case $word in down) exec docker volume prune --force;; esac
done
""",
    )
