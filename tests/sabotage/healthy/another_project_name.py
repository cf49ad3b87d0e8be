"""A project of another name."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    text = workspace.compose_file.read_text(encoding="utf-8").replace("name: connect\n", "")
    workspace.compose_file.write_text(f"name: plataforma\n{text}", encoding="utf-8")
