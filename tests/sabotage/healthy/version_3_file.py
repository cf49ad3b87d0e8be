"""A file of the time when they had versions."""

from workspace import Workspace


def change(workspace: Workspace) -> None:
    text = workspace.compose_file.read_text(encoding="utf-8")
    workspace.compose_file.write_text(f"version: '3'\n{text}", encoding="utf-8")
