"""Before a deploy: whether what is about to be deployed, or a command written for it, would lose the media volume."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.compose.compose_model import Deployment
from media_guarantees.gate.dangerous_commands import Danger, MediaVolume, search_folder, search_text
from media_guarantees.gate.live_gate import Gate
from media_guarantees.gate.next_deploy import declared_volume, divergences, expect_same_volume
from media_guarantees.gate.restore_drill.drill import expect_named, read_step
from media_guarantees.guide.reader import Guide

pytestmark = pytest.mark.guarantee("volume.dedicated")


def test_the_compose_file_mounts_the_live_volume(gate: Gate, next_deployment: Deployment) -> None:
    volume = gate.expect_one_volume()

    declared = expect_same_volume(
        declared_volume(next_deployment, gate.live.place),
        volume.name,
        next_deployment,
        project=gate.live.replicas[0].project,
        media_root=gate.live.media_root,
    )

    changes = divergences(declared, gate.live.inspect_volume(volume.name))
    if changes:
        warn(
            f"the compose file describes another {volume.name} than the live one ({'; '.join(changes)}): "
            "`docker compose up` asks whether to recreate it. Answer no: the media would be deleted"
        )
    journal.add_evidence(f"the compose file mounts {declared.name}, which is where the media are")


def test_no_command_of_the_deployment_deletes_the_volume(
    gate: Gate, guide: Guide, compose_folder: Path | None, request: pytest.FixtureRequest
) -> None:
    deployment = request.getfixturevalue("next_deployment") if compose_folder else None
    volume = media_volume(gate, deployment)

    found = search_text(Path(guide.source.name), guide.source.read_text(encoding="utf-8"), volume)
    seen = f"the guide {guide.source.name}"
    if compose_folder:
        in_folder, files = search_folder(compose_folder, volume)
        found += in_folder
        seen += f" and {files} scripts and workflows of the deployment"

    for danger in found:
        if not danger.is_accused:
            warn(str(danger))
    if accused := [danger for danger in found if danger.is_accused]:
        raise PromiseBroken(
            "; ".join(map(str, accused)),
            means=f"running it deletes the media: apart from the last backup, {volume.name} holds the only copy",
            next_step=advice(accused[0]),
        )
    journal.add_evidence(f"no command in {seen} is certain to delete {volume.name}")


@pytest.mark.parametrize("procedure", ["backup", "restore"])
def test_the_guides_command_names_the_volume_that_holds_the_media(gate: Gate, guide: Guide, procedure: str) -> None:
    volume = gate.expect_one_volume().name
    try:
        expect_named(read_step(guide, procedure, volume), volume)
    except PromiseBroken as other:  # it was so before this deploy, and is judged after it
        warn(other.seen)
        pytest.skip(f"{other.seen}: the deploy doesn't change that")

    journal.add_evidence(f"the guide's {procedure} command names {volume}, which is where the media are")


def media_volume(gate: Gate, deployment: Deployment | None) -> MediaVolume:
    """Return the live volume as commands reach it."""
    volume, live = gate.expect_one_volume(), gate.live
    declared = declared_volume(deployment, live.place) if deployment else None
    return MediaVolume(
        volume.name,
        live.replicas[0].project,
        live.engine.version,
        frozenset(file.name for file in deployment.files) if deployment else frozenset(),
        bool(declared and declared.external),
        bool(divergences(declared, live.inspect_volume(volume.name))) if declared else None,
    )


def advice(danger: Danger) -> str:
    """Return what to type instead."""
    return f"take the option that deletes volumes out of line {danger.line} of {danger.file}, before the deploy"


def warn(sentence: str) -> None:
    """Report, at the terminal and in the evidence, what may be intended."""
    journal.add_evidence(f"warning: {sentence}")
    journal.progress(f"warning: {sentence}")
