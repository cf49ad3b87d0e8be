"""A cache keeps its files among the media: the operator restores last month's cache with the pictures."""

from workspace import Workspace

START = "cd /var/cache/app && mkdir -p 0 && { [ -e 0/index ] || echo 1 > 0/index; }; exec tail -f /dev/null"


def change(workspace: Workspace) -> None:
    workspace.add_service(
        "cache", f"    command: [sh, -c, {START!r}]\n    volumes:\n      - {workspace.volume}:/var/cache/app\n"
    )
