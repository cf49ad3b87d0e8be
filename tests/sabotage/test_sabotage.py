"""Who verifies the verifier: each sabotage breaks exactly what it must, and what is healthy passes."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from place import Place
from table import BROKEN, HEALTHY, SILENT, Row, Silence
from verification import Verification, verify

Verify = Callable[[str, str], Verification]


@pytest.fixture(name="verify")
def _verify(tmp_path: Path, record_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> Verify:
    """Change a copy of the deployment and verify it; with `--without-ports`, as one that nothing can be asked of."""

    def run(kind: str, name: str) -> Verification:
        folder = tmp_path / "deployment"
        folder.mkdir(mode=0o700)
        place = Place(folder)
        load_change(kind, name)(place)
        given = options(place)
        if request.config.getoption("without_ports"):
            given.append(f"--compose-file={place.remove_ports()}")
        seen = verify(given, tmp_path / "reports", environment=place.environment())
        record_property("sabotage", (name, sorted(seen.with_verdict("broken")), seen.seconds))
        return seen

    return run


def options(place: Place) -> list[str]:
    """Return what points a run at the changed deployment."""
    return [f"--compose-file={place.compose_file}", f"--guide={place.guide}"]


def load_change(kind: str, name: str) -> Callable[[Place], None]:
    """Return what the file of that name does to a deployment."""
    spec = spec_from_file_location(name, Path(__file__).parent / kind / f"{name}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    change: Callable[[Place], None] = module.change
    return change


@pytest.mark.parametrize("row", BROKEN, ids=lambda row: row.name)
def test_a_sabotage_breaks_exactly_what_it_must(row: Row, verify: Verify) -> None:
    seen = verify("broken", row.name)

    broken = seen.with_verdict("broken")

    assert broken == row.breaks, (
        f"not caught: {sorted(row.breaks - broken)}; wrongly accused: {sorted(broken - row.breaks)}\n{seen.reasons()}\n"
        f"{seen.explanation()[:6000]}"
    )
    assert not seen.with_verdict("unproven"), f"neither proved nor broken:\n{seen.reasons()}"
    assert not seen.failed_elsewhere(), "a set-up that crashes proves nothing"
    unsaid = [words for words in row.says if words not in seen.explanation()]
    assert not unsaid, f"the explanation doesn't say {unsaid}:\n{seen.explanation()[:6000]}"


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_deployment_is_proved(name: str, verify: Verify) -> None:
    seen = verify("healthy", name)

    assert not seen.with_verdict("broken"), f"wrongly accused:\n{seen.explanation()[:6000]}"
    assert not seen.with_verdict("unproven"), f"not proved:\n{seen.reasons()}"


@pytest.mark.parametrize("row", SILENT, ids=lambda row: row.name)
def test_what_a_guide_does_not_describe_is_unproven_and_nothing_else_is(row: Silence, verify: Verify) -> None:
    seen = verify("silent", row.name)

    assert not seen.with_verdict("broken"), f"wrongly accused:\n{seen.explanation()[:6000]}"
    assert seen.with_verdict("unproven") == row.unproven, seen.reasons()
    unsaid = [words for words in row.says if words not in seen.reasons()]
    assert not unsaid, f"the reasons don't say {unsaid}:\n{seen.reasons()}"


@pytest.mark.without_ports
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("broken", row.name) for row in BROKEN),
        *(("healthy", name) for name in HEALTHY),
        *(("silent", row.name) for row in SILENT),
    ],
)
def test_a_deployment_of_which_nothing_can_be_asked_gets_a_whole_verdict(kind: str, name: str, verify: Verify) -> None:
    """Which guarantees are broken or unproven without ports is another question: the run has to come to its end."""
    seen = verify(kind, name)

    assert seen.status in {0, 1}, seen.output[-4000:]
    assert not seen.gaps, "evidence could not be gathered"
    if kind == "healthy":
        assert not seen.with_verdict("broken"), f"wrongly accused:\n{seen.explanation()[:6000]}"
