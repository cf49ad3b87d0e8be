"""Anybody may write to migrated pictures: another account on the server can deface them."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_script(
        ours=[("--mode=u+rwX", "--mode=a+rwX")],
        independent=[
            ("&& tar --create --directory=.coming", "&& chmod -R a+rwX .coming && tar --create --directory=.coming")
        ],
    )
