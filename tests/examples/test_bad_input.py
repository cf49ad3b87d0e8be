"""What can't be run is refused in words, with what to do about it: exit status 4, no traceback, nothing left behind."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from verification import run_suite

REFUSED = 4
GUIDE = "# Media\n\nPictures are stored in a volume.\n"
GOOD = """\
services:
  web-project: {image: ubuntu, command: [sleep, infinity], init: true, volumes: ["media:/usr/src/platform/media"]}
volumes: {media: }
"""


class Refusal(NamedTuple):
    """Files of a deployment that can't be run, and words that the refusal must hold."""

    compose: str | None
    words: tuple[str, ...]
    guide: bytes | None = GUIDE.encode()
    options: tuple[str, ...] = ()


AT_ONCE = {
    "no_such_service": Refusal(
        GOOD, ("has no service 'web'", "the file's services: web-project"), options=("--service=web",)
    ),
    "service_in_a_profile": Refusal(
        GOOD.replace("{image", "{profiles: [live], image"), ("COMPOSE_PROFILES=live", "profile")
    ),
    "no_yaml": Refusal("services: [\n", ("Compose can't read", "yaml: ", "hint: try: docker-compose -f")),
    "no_services": Refusal("volumes: {media: }\n", ("has no service 'web-project'", "none at all")),
    "unset_variable": Refusal(
        GOOD.replace("ubuntu", '"${IMAGE:?the image to run}"'), ("IMAGE", "the image to run", ".env")
    ),
    "no_env_file": Refusal(GOOD.replace("{image", "{env_file: .env.live, image"), (".env.live", "not found")),
    "no_compose_file": Refusal(None, ("there is no compose file", "COMPOSE_FILE=")),
    "no_guide": Refusal(GOOD, ("GUIDE.md' is missing", "make verify GUIDE="), guide=None),
    "empty_guide": Refusal(GOOD, ("GUIDE.md' is empty", "there is no promise that could be tested"), guide=b"\n"),
    "binary_guide": Refusal(GOOD, ("GUIDE.md' is not UTF-8 text", "hint: name a Markdown file"), guide=b"\x89PNG\xff"),
    "no_upload_config": Refusal(
        GOOD, ("uploads.ini should describe", "can't be read"), options=("--upload-config=uploads.ini",)
    ),
    "no_engine": Refusal(
        GOOD, ("no Docker engine answers at unix:///nowhere.sock", "set DOCKER_HOST"), options=("--engine=shared",)
    ),
}
ON_THE_ENGINE = {
    "exits_at_once": Refusal(
        GOOD.replace("[sleep, infinity]", "[bash, -c, 'echo no such table: media >&2; exit 3']"),
        ("web-project should come up and answer", "exit status 3", "no such table: media", "up web-project"),
    ),
    "build_fails": Refusal(
        GOOD.replace(
            "image: ubuntu", "build: {dockerfile_inline: 'FROM ubuntu\n\nRUN echo no compiler here >&2; exit 9'}"
        ),
        ("the build failed", "no compiler", "compose.yml build"),
    ),
    "image_out_of_reach": Refusal(
        GOOD.replace("ubuntu", "registry.invalid/ours:1"),
        ("the image registry.invalid/ours:1 should be there, but can't be pulled", "docker login"),
    ),
    "dependency_fails": Refusal(
        GOOD.replace("{image", "{depends_on: {db: {condition: service_completed_successfully}}, image").replace(
            "volumes: {media", "  db: {image: ubuntu, command: ['false']}\nvolumes: {media"
        ),
        ("should come up, but Compose gave up", "db"),
    ),
}


@pytest.mark.parametrize("refusal", [*AT_ONCE.values(), *ON_THE_ENGINE.values()], ids=[*AT_ONCE, *ON_THE_ENGINE])
def test_what_can_not_be_run_is_refused_in_words(refusal: Refusal, tmp_path: Path) -> None:
    if refusal.compose is not None:
        (tmp_path / "compose.yml").write_text(refusal.compose)
    if refusal.guide is not None:
        (tmp_path / "GUIDE.md").write_bytes(refusal.guide)
    named = [f"--compose-file={tmp_path / 'compose.yml'}", f"--guide={tmp_path / 'GUIDE.md'}"]

    status, output = run_suite(
        [*named, f"--report-dir={tmp_path / 'reports'}", *refusal.options],
        environment={"DOCKER_HOST": "unix:///nowhere.sock"},
    )

    assert status == REFUSED, f"exit status {status}:\n{output[-4000:]}"
    assert "Traceback" not in output, output[-4000:]
    assert "hint: " in output, output[-4000:]
    unsaid = [words for words in refusal.words if words not in output]
    assert not unsaid, f"the refusal doesn't say {unsaid}:\n{output[-4000:]}"


def test_a_directory_is_refused_with_the_file_that_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text(GOOD)

    status, output = run_suite([f"--compose-file={tmp_path}", f"--report-dir={tmp_path / 'reports'}"])

    assert status == REFUSED
    assert f"{tmp_path} is a directory" in output
    assert f"name the file in it: COMPOSE_FILE={tmp_path}/compose.yml" in output
