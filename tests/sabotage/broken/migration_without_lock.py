"""Two operators migrate at once: each removes what the other has half copied."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_script(
        ours=[("  take_lock\n  trap clean_up", "  trap clean_up")],
        independent=[("flock --nonblock 9", "true")],
    )
