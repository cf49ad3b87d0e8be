"""The gate reports, before a deploy, whether it would use another media volume, none, or delete this one."""

from pathlib import Path
from typing import Any

import pytest

from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.deployment.compose.compose_model import Deployment
from media_guarantees.gate.next_deploy import (
    HASH_LABEL,
    DeclaredVolume,
    declared_volume,
    divergences,
    expect_same_volume,
)

ROOT = "/usr/src/platform/media"


def deployment(
    folder: Path, *mounts: dict[str, Any], name: str = "connect", text: str = "", **volumes: Any
) -> Deployment:
    file = folder / "compose.yml"
    file.write_text(text)
    service = {"volumes": [{"type": "volume", **mount} for mount in mounts]}
    return Deployment((file,), {"name": name, "services": {"web": service}, "volumes": volumes}, "web")


def expect(on: Deployment, live: str, project: str = "connect") -> DeclaredVolume:
    return expect_same_volume(declared_volume(on, ROOT), live, on, project=project, media_root=ROOT)


def test_a_file_that_mounts_the_live_volume_is_fine(tmp_path: Path) -> None:
    on = deployment(tmp_path, {"source": "m", "target": f"{ROOT}/"}, m={"name": "media_volume"})

    assert expect(on, "media_volume").name == "media_volume"


def test_a_volume_that_covers_the_media_root_from_above_holds_the_media(tmp_path: Path) -> None:
    on = deployment(
        tmp_path,
        {"source": "all", "target": "/usr/src"},
        {"source": "other", "target": "/usr/src/platform/med"},
        all={"name": "html"},
    )

    assert expect(on, "html").key == "all"


def test_a_volume_that_is_taken_over_from_another_service_holds_the_media(tmp_path: Path) -> None:
    on = deployment(tmp_path, m={"name": "media_volume"})
    services = on.model["services"]
    services["storage"] = {"volumes": [{"type": "volume", "source": "m", "target": ROOT}]}
    services["web"]["volumes_from"] = ["storage"]

    assert expect(on, "media_volume").key == "m"


@pytest.mark.parametrize(
    "mounts",
    [
        [],
        [{"type": "bind", "source": "./media", "target": ROOT}],
        [{"target": ROOT}],
        [{"source": "m", "target": f"{ROOT}/avatars"}],
        [{"source": "m", "target": "/usr/src"}, {"type": "tmpfs", "target": ROOT}],
    ],
    ids=["none", "bind", "anonymous", "below", "tmpfs over it"],
)
def test_a_file_that_mounts_no_named_volume_there_is_broken(tmp_path: Path, mounts: list[dict[str, Any]]) -> None:
    on = deployment(tmp_path, *mounts, m={"name": "media_volume"})

    with pytest.raises(PromiseBroken, match=r"compose.yml mounts no named volume at .*; the live media are in"):
        expect(on, "media_volume")


def test_a_volume_of_another_name_is_broken(tmp_path: Path) -> None:
    on = deployment(tmp_path, {"source": "m", "target": ROOT}, m={"name": "platform_media"})

    with pytest.raises(PromiseBroken, match=r"mounts platform_media at .*; the live media are in media_v") as broken:
        expect(on, "media_volume")

    assert broken.value.means.startswith("the volume was renamed")
    assert broken.value.next_step.endswith("name: media_volume")


@pytest.mark.parametrize("where", ["the file", "its environment"])
def test_a_project_that_was_renamed_takes_another_volume(tmp_path: Path, where: str) -> None:
    text = "name: platform\n" if where == "the file" else ""
    on = deployment(tmp_path, {"source": "m", "target": ROOT}, name="platform", text=text, m={"name": "platform_m"})
    if where != "the file":
        (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=platform\n")

    with pytest.raises(PromiseBroken, match="the project connect was renamed platform, and its volume with it"):
        expect(on, "connect_m")


def test_a_name_that_only_the_deploy_chooses_is_unproven(tmp_path: Path) -> None:
    """A CI job checks the platform out into a folder of another name, and deploys with `-p connect`."""
    on = deployment(tmp_path, {"source": "m", "target": ROOT}, name="checkout", m={"name": "checkout_m"})

    with pytest.raises(Unproven, match="Deployed with -p connect, the volume stays connect_m"):
        expect(on, "connect_m")


# As Compose 2.40.3 labelled volumes that it made of these settings.
@pytest.mark.parametrize(
    ("settings", "label"),
    [
        ({"name": "media_volume"}, "b386f9b7905afddfc48905ba962f1ffbaa48dba48b3fbc7eb3c6ea9cd61221be"),
        (
            {"name": "media_volume", "labels": {"b": "x&y", "a": "é"}},
            "4d9de1c1fa12c5accc7c268034c2ef422eeb05778627a632c5a58d83f8ef4c5e",
        ),
        (
            {"name": "media_volume", "driver_opts": {"type": "tmpfs", "device": "tmpfs"}, "x-note": "hello"},
            "1d7ed117dd3055335bedf170029f150d2fb4dc8bbeaf2d85de2c563f2b52fefb",
        ),
    ],
    ids=["name", "labels", "options"],
)
def test_the_hash_is_the_one_that_compose_keeps(settings: dict[str, Any], label: str) -> None:
    declared = DeclaredVolume("media_volume", "media_volume", settings)

    assert declared.hash == label
    assert divergences(declared, {"Labels": {HASH_LABEL: label}}) == ()


def test_what_was_changed_in_the_file_is_reported() -> None:
    live = {
        "Driver": "local",
        "Options": None,
        "Labels": {HASH_LABEL: "0", "com.docker.compose.project": "x", "a": "1"},
    }
    declared = DeclaredVolume("m", "m", {"name": "m", "labels": {"a": "2"}, "driver_opts": {"type": "nfs"}})

    assert divergences(declared, live) == (
        "options: {} became {'type': 'nfs'}",
        "labels: {'a': '1'} became {'a': '2'}",
    )


@pytest.mark.parametrize(
    ("settings", "labels"),
    [({"external": True}, {HASH_LABEL: "0"}), ({"labels": {"a": "1"}}, {}), ({"labels": {"a": "1"}}, None)],
    ids=["external", "made by an older Compose", "made by hand"],
)
def test_a_volume_that_compose_never_recreates_does_not_diverge(settings: dict[str, Any], labels: Any) -> None:
    assert divergences(DeclaredVolume("m", "m", settings), {"Labels": labels}) == ()


def test_a_hash_that_nothing_visible_explains_is_reported_too() -> None:
    live = {"Driver": "local", "Labels": {HASH_LABEL: "0"}}

    assert divergences(DeclaredVolume("m", "m", {"name": "m"}), live) == (
        "its settings, in a way that the engine doesn't show",
    )
