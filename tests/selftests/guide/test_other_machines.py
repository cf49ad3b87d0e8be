"""A block for another machine is known by its language, its text or its tab."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.guide.formats.document import Block
from media_guarantees.guide.other_machines import as_bash_has_it, machine_of


@pytest.mark.parametrize(
    ("block", "machine"),
    [
        (Block(Path(), 1, "docker ps", "powershell"), "Windows"),
        (Block(Path(), 1, "docker run -v %cd%:/b alpine", ""), "Windows"),
        (Block(Path(), 1, "docker ps", "bash", label="Windows"), "Windows"),
        (Block(Path(), 1, "podman ps", "bash", headings=("Backup", "Podman")), "Podman"),
        (Block(Path(), 1, "kubectl get pods", "bash", headings=("Backup", "Kubernetes")), "Kubernetes"),
        (Block(Path(), 1, "docker ps", "bash", label="Linux and Windows (WSL)"), ""),
        (Block(Path(), 1, "docker ps", "bash"), ""),
    ],
)
def test_the_machine_of_a_block_is_known(block: Block, machine: str) -> None:
    assert machine_of(block) == machine


def test_what_windows_writes_otherwise_is_as_bash_has_it() -> None:
    block = Block(Path(), 1, "docker run `\n  -v media:/m -v C:\\backups:/b alpine", "powershell")

    assert as_bash_has_it(block).text == "docker run \\\n  -v media:/m -v /backups:/b alpine"
