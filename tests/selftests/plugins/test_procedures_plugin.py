"""What a guide doesn't describe is unproven, however broken the deployment is in which its commands would be typed."""

import shutil
from typing import NoReturn

import pytest
from inner_run import InnerRun, Runs

from fixtures import procedures
from media_guarantees.core.errors import BadInput
from media_guarantees.core.paths import ROOT
from media_guarantees.deployment import second_host
from media_guarantees.evidence.catalogue import CATALOGUE
from media_guarantees.media import legacy_media

# Archives that are already there are judged by a drill on a live server.
WITH_PROCEDURES = {each.identifier for each in CATALOGUE if each.procedures and not each.of_real_archive}
SAVES_ONLY = """# Media

```
docker run --rm -v media_volume:/data -v $(pwd)/backups:/backup ubuntu tar -czf /backup/media_$(date +%F).tgz -C /data .
```
"""
ENTERS = "# Media\n\n```\ndocker-compose exec -it web-project ls -la /srv/media\ndocker-compose restart\n```\n"


def no_host(*_: object) -> NoReturn:
    """Stand in for another host, which would take an engine."""
    raise BadInput("there is no engine here", "start one")


@pytest.fixture(name="judged")
def _judged(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """The real guarantees, in an inner run with the real stage of the procedures."""
    for name in ("another_version", "another_host"):
        monkeypatch.setattr(second_host, name, no_host)
    monkeypatch.setattr(legacy_media, "lay_out_legacy", lambda folder, *_, **__: folder.mkdir())
    for test in (ROOT / "tests" / "guarantees").glob("*.py"):
        shutil.copy(test, runs.folder / "guarantees")
    runs.add_file("conftest.py", "from broken_stages import *\n")
    return runs


def verify(runs: Runs, guide: str) -> InnerRun:
    (runs.folder / "guide.md").write_text(guide)
    return runs.run(plugins=[procedures])


@pytest.mark.parametrize(
    ("guide", "described"),
    [
        ("# Media\n\nMedia persist.\n", set()),
        (SAVES_ONLY, {name for name in WITH_PROCEDURES if name.startswith("backup.")}),
        (ENTERS, {"troubleshooting.inspect", "troubleshooting.restart", "persistence.down_up"}),
    ],
    ids=["nothing", "only a backup", "only a listing and a restart"],
)
def test_only_what_the_guide_describes_can_be_broken(judged: Runs, guide: str, described: set[str]) -> None:
    seen = verify(judged, guide)

    broken = {name for name, verdict in seen.verdicts.items() if verdict == "broken"}
    assert broken & WITH_PROCEDURES == described, seen.output[-3000:]
    assert "persistence.recreate" in broken, "what needs no command is judged all the same"


def test_the_reason_names_the_guide_and_what_it_lacks(judged: Runs) -> None:
    seen = verify(judged, "# Media\n\nMedia persist.\n")

    reasons = {each["id"]: each["reason"] for each in seen.evidence["guarantees"]}
    assert "the guide does not describe it" in reasons["migration.complete"]
    assert "no migrate command" in reasons["migration.complete"]
