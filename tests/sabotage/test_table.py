"""The table of sabotages holds what it must."""

from __future__ import annotations

import ast
import shutil
from functools import partial
from pathlib import Path

import pytest
from coverage_draw import MOST, broken_by, cover, crossed, drawn
from crossing import LEFT_OUT, everything_tried_on
from deployments import DEPLOYMENTS, OURS, PLATFORM, Deployment
from table import BROKEN, HEALTHY, SILENT
from test_sabotage import load_change
from workspace import DoesNotApply, Workspace

from media_guarantees.evidence.catalogue import CATALOGUE

HERE = Path(__file__).parent


def test_every_guarantee_is_broken_by_a_sabotage() -> None:
    assert {guarantee.identifier for guarantee in CATALOGUE} == broken_by(BROKEN)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("broken", [row.name for row in BROKEN]),
        ("silent", [row.name for row in SILENT]),
        ("healthy", HEALTHY),
    ],
)
def test_every_row_has_its_file_and_every_file_its_row(kind: str, names: list[str]) -> None:
    files = sorted(file.stem for file in (HERE / kind).glob("*.py"))

    assert files == sorted(names)


@pytest.mark.parametrize("file", sorted((HERE / "broken").glob("*.py")), ids=lambda file: file.stem)
def test_a_sabotage_says_what_is_wrong_and_who_would_notice(file: Path) -> None:
    said = ast.get_docstring(ast.parse(file.read_text())) or ""

    assert ":" in said, f"{file.name} should say what is wrong, then a colon, then who would notice"
    assert said.endswith(".")


def test_there_are_as_many_as_were_promised() -> None:
    assert len(BROKEN) >= 45
    assert len(HEALTHY) >= 12


@pytest.mark.parametrize("draw", range(1, 12))
def test_the_few_that_are_drawn_break_every_guarantee_too(draw: int) -> None:
    few = cover(BROKEN, draw)

    assert broken_by(few) == broken_by(BROKEN)
    assert len(few) <= MOST
    assert cover(BROKEN, draw) == few, "the same draw chooses the same"


def test_another_draw_chooses_others() -> None:
    assert len({drawn(draw) for draw in range(100)}) > 90


OTHERS = [deployment for deployment in DEPLOYMENTS if deployment is not OURS]
FILES = [
    (file.parent.name, file.stem) for kind in ("broken", "healthy", "silent") for file in (HERE / kind).glob("*.py")
]


@pytest.mark.parametrize("deployment", OTHERS, ids=lambda deployment: deployment.name)
@pytest.mark.parametrize(("kind", "name"), sorted(FILES))
def test_a_sabotage_changes_another_deployment_or_has_a_reason_why_it_cannot(
    deployment: Deployment, kind: str, name: str, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path, as_written(deployment))
    before = contents(tmp_path)

    refused = reason_against(workspace, kind, name)

    assert refused == LEFT_OUT[deployment.name].get(name)
    assert refused or contents(tmp_path) != before, "it changes nothing"


def reason_against(workspace: Workspace, kind: str, name: str) -> str | None:
    """Change a deployment; return why that can't be done, or None."""
    try:
        load_change(kind, name)(workspace)
    except DoesNotApply as why:
        return str(why)
    return None


def as_written(deployment: Deployment) -> Deployment:
    """Return a deployment that is laid out without building the images of its platform."""
    if deployment is not PLATFORM:
        return deployment
    source = HERE.parent / "platforms" / deployment.name
    return deployment._replace(lay_out=partial(shutil.copytree, source, dirs_exist_ok=True))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", [name for left_out in LEFT_OUT.values() for name in left_out])
def test_what_is_left_out_elsewhere_is_tried_on_our_own_deployment(name: str) -> None:
    assert name in everything_tried_on(OURS)


@pytest.mark.parametrize("deployment", OTHERS, ids=lambda deployment: deployment.name)
def test_a_draw_for_another_deployment_breaks_all_that_can_be_broken_there(deployment: Deployment) -> None:
    tried = [row for row in BROKEN if row.name in everything_tried_on(deployment)]

    few = [row for row in tried if row.name in drawn(1, deployment)]

    assert broken_by(few) - deployment.unproven == broken_by(tried) - deployment.unproven


@pytest.mark.parametrize("draw", range(1, 12))
def test_every_draw_tries_something_on_every_other_deployment(draw: int) -> None:
    assert {deployment for deployment, _ in crossed(draw)} == {deployment.name for deployment in OTHERS}
