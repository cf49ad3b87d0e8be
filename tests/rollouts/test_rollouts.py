"""The gate accuses every deploy that harms the media, and no other; each runs as its owner would run it."""

from __future__ import annotations

import pytest
from owner import Owner
from rollouts import BAD, HARMLESS, Rollout


def roll_out(owner: Owner, rollout: Rollout) -> tuple[dict[str, list[str]], str]:
    """Record, deploy, compare; return the guarantees by their verdicts, and the whole output."""
    before = owner.make("before-deploy")
    assert before.returncode == 0, before.stdout
    rollout.deploy(owner)

    after = owner.make("after-deploy")

    evidence = owner.evidence()
    assert f"{evidence['verdict']}:" in after.stdout, after.stdout
    verdicts: dict[str, list[str]] = {"proved": [], "broken": [], "unproven": []}
    for guarantee in evidence["guarantees"]:
        verdicts[guarantee["verdict"]].append(guarantee["id"])
    assert (after.returncode != 0) == bool(verdicts["broken"]) or verdicts["unproven"], after.stdout
    return verdicts, after.stdout + str(evidence)


@pytest.mark.parametrize("rollout", BAD, ids=lambda rollout: rollout.name)
def test_a_deploy_that_does_harm_is_caught(rollout: Rollout, owner: Owner) -> None:
    verdicts, said = roll_out(owner, rollout)

    assert set(verdicts["broken"]) == rollout.breaks, said
    assert set(verdicts["unproven"]) == rollout.unproven, said
    assert [words for words in rollout.says if words not in said] == [], said


@pytest.mark.parametrize("rollout", HARMLESS, ids=lambda rollout: rollout.name)
def test_a_harmless_deploy_is_let_through(rollout: Rollout, owner: Owner) -> None:
    verdicts, said = roll_out(owner, rollout)

    assert verdicts["broken"] == [], said
    assert set(verdicts["unproven"]) == rollout.unproven, said
    assert [words for words in rollout.says if words not in said] == [], said


def test_there_are_as_many_as_were_promised() -> None:
    assert len(BAD) >= 15
    assert len(HARMLESS) >= 8
