"""A mistyped option is ignored: --dry-rnu copies everything."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    workspace.edit_script(
        ours=[("        exit 2\n        ;;\n    esac", "        ;;\n    esac")],
        independent=[("(($# == 0))", "true")],
    )
