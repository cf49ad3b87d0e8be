"""An image is built from the deployment's own files; a build can read nothing else of this machine."""

import copy
from pathlib import Path
from typing import Any

import pytest
from refusals import error_of

from media_guarantees.core.errors import BadInput
from media_guarantees.deployment.compose.compose_model import Deployment
from media_guarantees.deployment.sandbox.build_sources import host_ca_bundle, restrict_build


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Create a repository whose compose file is in a subfolder, and a file of another user beside it."""
    folder = tmp_path / "repository" / "deploy"
    folder.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    (tmp_path / "stranger").mkdir()
    (tmp_path / "stranger" / "key").write_text("private")
    return folder


def built(folder: Path, written: dict[str, Any] | None = None, **build: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the build of a service of the compose file in `folder`, restricted, and what was said."""
    service: dict[str, Any] = {"build": {"context": str(folder), **build}, "image": "connect:live"}
    model = {"name": "connect", "services": {"web": copy.deepcopy(service)}, "secrets": written or {}}
    said = restrict_build("web", service, Deployment((folder / "compose.yml",), model, "web"), "")
    return service["build"], said


@pytest.mark.parametrize("place", [".", "..", "../service"])
def test_an_image_is_built_from_anywhere_in_the_repository_of_the_compose_file(folder: Path, place: str) -> None:
    build, said = built(folder, context=str(folder / place))

    assert (build["context"], said) == (str(folder / place), [])


def refusal(folder: Path, **build: Any) -> BadInput:
    return error_of(BadInput, lambda: built(folder, **build))


@pytest.mark.parametrize(
    "context",
    ["/", "/root", "../../stranger", "https://127.0.0.1/x.git", "git@127.0.0.1:x", "github.com/a/b", "oci-layout://x"],
)
def test_a_context_from_elsewhere_is_refused_before_anything_is_built(folder: Path, context: str) -> None:
    place = str(folder / context) if context.startswith("..") else context

    refused = refusal(folder, context=place)

    assert refused.problem == (
        f"web should be built from the deployment's own files, but {place} is not below {folder.parent.resolve()}"
    )
    assert "could read and send away" in str(refused)


def test_a_context_behind_a_symbolic_link_is_where_the_link_leads(folder: Path) -> None:
    (folder / "app").symlink_to(folder.parents[1] / "stranger")

    assert f"{folder}/app is not below" in refusal(folder, context=str(folder / "app")).problem


@pytest.mark.parametrize("linked", [False, True])
def test_a_dockerfile_is_one_of_the_deployments_own_files(folder: Path, *, linked: bool) -> None:
    key = folder.parents[1] / "stranger" / "key"
    (folder / "link").symlink_to(key)

    assert "is not below" in refusal(folder, dockerfile="link" if linked else str(key)).problem


def test_without_a_repository_the_compose_files_own_folder_is_the_deployment(folder: Path) -> None:
    (folder.parent / ".git").rmdir()

    assert built(folder)[1] == []
    assert f"is not below {folder.resolve()}" in refusal(folder, context=str(folder.parent)).problem


def test_a_whole_home_directory_is_no_deployment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))

    assert f"is not below {folder.resolve()}" in refusal(folder, context=str(folder.parent)).problem


def test_contexts_beside_the_first_are_the_deployments_own_or_images(folder: Path) -> None:
    contexts = {
        "own": str(folder.parent),
        "image": "docker-image://ubuntu",
        "service": "service:base",
        "key": str(folder.parents[1] / "stranger"),
        "remote": "https://127.0.0.1/x.git",
        "layout": "oci-layout:///var/lib/x",
    }

    build, said = built(folder, additional_contexts=contexts)

    assert build["additional_contexts"].keys() == {"own", "image", "service"}
    left_out = ", ".join(f"build.additional_contexts.{name}" for name in ("key", "remote", "layout"))
    assert said == [f"web: {left_out} left out: not the deployment's own"]


def test_secrets_of_a_build_are_the_deployments_own_or_variables(folder: Path) -> None:
    secrets = {
        "own": {"file": str(folder / "token")},
        "variable": {"environment": "TOKEN"},
        "key": {"file": str(folder.parents[1] / "stranger" / "key")},
    }

    build, said = built(folder, secrets, secrets=[{"source": name} for name in (*secrets, "unknown")])

    assert [given["source"] for given in build["secrets"]] == ["own", "variable"]
    assert said == ["web: build.secrets.key, build.secrets.unknown left out: not the deployment's own"]


@pytest.mark.parametrize(("set_to", "found"), [({}, ""), ({"PIP_CERT": "/no/such"}, "")])
def test_a_machine_that_names_no_certificate_authorities_has_none(
    monkeypatch: pytest.MonkeyPatch, set_to: dict[str, str], found: str
) -> None:
    for name in ("PIP_CERT", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)

    assert host_ca_bundle() == found


@pytest.mark.parametrize("name", ["PIP_CERT", "SSL_CERT_FILE"])
def test_the_certificate_authorities_that_this_machine_names_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    for variable in ("PIP_CERT", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, str(bundle))

    assert host_ca_bundle() == str(bundle)
