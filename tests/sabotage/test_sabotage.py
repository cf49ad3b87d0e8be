"""Who verifies the verifier: each sabotage breaks exactly what it must, and what is healthy passes."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TypeVar

import pytest
from crossing import pairs
from deployments import OURS, Deployment
from table import BROKEN, HEALTHY, SILENT, Row, Silence
from verification import Verification, verify
from workspace import Workspace

Verify = Callable[[str, str, Deployment], Verification]
AnyRow = TypeVar("AnyRow", Row, Silence, str)


def on_each(parameter: str, rows: tuple[AnyRow, ...]) -> pytest.MarkDecorator:
    """Run a test for each of `rows` on each deployment on which it is tried; ours has no name in the test's."""
    tried = list(pairs(rows))
    names = [str(getattr(row, "name", row)) for _, row in tried]
    ids = [
        name if deployment is OURS else f"{name}-on-{deployment.name}"
        for name, (deployment, _) in zip(names, tried, strict=True)
    ]
    return pytest.mark.parametrize(("deployment", parameter), tried, ids=ids)


@pytest.fixture(name="verify")
def _verify(tmp_path: Path, record_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> Verify:
    """Change a copy of a deployment and verify it; with `--without-ports`, as one that nothing can be asked of."""

    def run(kind: str, name: str, deployment: Deployment) -> Verification:
        # A compose file without a name takes the project's from its folder.
        folder = tmp_path / deployment.name
        folder.mkdir(mode=0o700)
        workspace = Workspace(folder, deployment)
        load_change(kind, name)(workspace)
        options = deployment.options(folder)
        if request.config.getoption("without_ports"):
            options.append(f"--compose-file={workspace.remove_ports()}")
        reports = tmp_path / "reports"
        seen = verify(options, reports, environment=workspace.environment(), seconds=deployment.seconds)
        record_property("sabotage", (deployment.name, name, sorted(seen.with_verdict("broken")), seen.seconds))
        return seen

    return run


def load_change(kind: str, name: str) -> Callable[[Workspace], None]:
    """Return what the file of that name does to a deployment."""
    spec = spec_from_file_location(name, Path(__file__).parent / kind / f"{name}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    change: Callable[[Workspace], None] = module.change
    return change


@on_each("row", BROKEN)
def test_a_sabotage_breaks_exactly_what_it_must(deployment: Deployment, row: Row, verify: Verify) -> None:
    seen = verify("broken", row.name, deployment)

    broken, expected = seen.with_verdict("broken"), deployment.verdicts(row.breaks)

    assert broken == expected, (
        f"not caught: {sorted(expected - broken)}; wrongly accused: {sorted(broken - expected)}\n{seen.reasons()}\n"
        f"{seen.explanation()[:6000]}"
    )
    assert seen.with_verdict("unproven") == deployment.unproven, f"neither proved nor broken:\n{seen.reasons()}"
    assert not seen.failed_elsewhere(), "a set-up that crashes proves nothing"
    unsaid = [words for words in deployment.words(row.says) if words not in seen.explanation()]
    assert not unsaid, f"the explanation doesn't say {unsaid}:\n{seen.explanation()[:6000]}"


@on_each("name", HEALTHY)
def test_a_healthy_deployment_is_proved(deployment: Deployment, name: str, verify: Verify) -> None:
    seen = verify("healthy", name, deployment)

    assert seen.with_verdict("broken") == deployment.broken, f"wrongly accused:\n{seen.explanation()[:6000]}"
    assert seen.with_verdict("unproven") == deployment.unproven, f"not proved:\n{seen.reasons()}"


@on_each("row", SILENT)
def test_what_a_guide_does_not_describe_is_unproven_and_nothing_else_is(
    deployment: Deployment, row: Silence, verify: Verify
) -> None:
    seen = verify("silent", row.name, deployment)

    assert seen.with_verdict("broken") == deployment.broken, f"wrongly accused:\n{seen.explanation()[:6000]}"
    assert seen.with_verdict("unproven") == row.unproven | deployment.unproven, seen.reasons()
    unsaid = [words for words in deployment.words(row.says) if words not in seen.reasons()]
    assert not unsaid, f"the reasons don't say {unsaid}:\n{seen.reasons()}"


@pytest.mark.without_ports
@pytest.mark.parametrize(
    ("kind", "name", "deployment"),
    [
        *(("broken", row.name, OURS) for row in BROKEN),
        *(("healthy", name, OURS) for name in HEALTHY),
        *(("silent", row.name, OURS) for row in SILENT),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_deployment_of_which_nothing_can_be_asked_gets_a_whole_verdict(
    kind: str, name: str, deployment: Deployment, verify: Verify
) -> None:
    """Which guarantees are broken or unproven without ports is another question: the run has to come to its end."""
    seen = verify(kind, name, deployment)

    assert seen.status in {0, 1}, seen.output[-4000:]
    assert not seen.gaps, "evidence could not be gathered"
    if kind == "healthy":
        assert not seen.with_verdict("broken"), f"wrongly accused:\n{seen.explanation()[:6000]}"
