"""The catalogue has every guarantee of the document, and finds its promise in any guide that makes it."""

from pathlib import Path

import pytest

from media_guarantees.evidence.catalogue import BY_ID, CATALOGUE, Guarantee
from media_guarantees.evidence.formats.bundle import find_promise
from media_guarantees.guide.reader import Guide, read_guide
from media_guarantees.guide.steps import PROCEDURES

IDENTIFIERS = [
    "volume.dedicated",
    "volume.mounted",
    "volume.receives_uploads",
    "layout.avatars",
    "layout.event_banners",
    "layout.profile_pictures",
    "persistence.recreate",
    "persistence.update",
    "persistence.down_up",
    "persistence.kill",
    "persistence.engine_restart",
    "persistence.host_crash",
    "persistence.acknowledged",
    "migration.complete",
    "migration.idempotent",
    "migration.preserves",
    "migration.refuses",
    "backup.created",
    "backup.complete",
    "backup.harmless",
    "backup.under_load",
    "backup.fails_loudly",
    "backup.fresh",
    "backup.retained",
    "restore.disaster",
    "restore.repair",
    "restore.idempotent",
    "restore.rejects_damage",
    "troubleshooting.inspect",
    "troubleshooting.permissions",
    "troubleshooting.restart",
    "simplicity.self_contained",
    "portability.another_host",
    "beyond.power_loss",
]
PROJECT_GUIDE = Path(__file__).parents[3] / "docs/armazenamento-de-midia.md"
ENGLISH_GUIDE = """\
# Media storage

1. Media files are stored in a Docker volume called `media_volume`
2. It is mounted at `/usr/src/platform/media`
3. Files persist when containers are recreated or the service is updated

- No external service such as AWS S3 is needed
- Everything runs on your own server

- `/media/avatars/` - avatars
- `/media/event_banners/` - banners
- `/media/profile_pictures/` - pictures

```bash
./migrate_media.sh
docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu tar -czf /backup/media.tar.gz -C /source .
docker run --rm -v media_volume:/to -v $(pwd)/backups:/backup ubuntu tar -xzf /backup/media.tar.gz -C /to
docker-compose exec web-project ls -la /usr/src/platform/media
docker-compose exec web-project chmod -R 755 /usr/src/platform/media
docker-compose down && docker-compose up -d
```
"""

of_the_document = pytest.mark.parametrize(
    "guarantee",
    [guarantee for guarantee in CATALOGUE if not guarantee.beyond],
    ids=lambda guarantee: guarantee.identifier,
)


@pytest.fixture(scope="module", name="project_guide")
def _project_guide() -> Guide:
    """Read the project's own guide."""
    return read_guide(PROJECT_GUIDE)


@pytest.fixture(scope="module", name="english_guide")
def _english_guide(tmp_path_factory: pytest.TempPathFactory) -> Guide:
    """Read a guide that makes the same promises in English."""
    file = tmp_path_factory.mktemp("guide") / "media.md"
    file.write_text(ENGLISH_GUIDE)
    return read_guide(file)


def test_the_catalogue_holds_each_guarantee_once_and_no_other() -> None:
    assert sorted(guarantee.identifier for guarantee in CATALOGUE) == sorted(IDENTIFIERS)


def test_every_guarantee_is_found_by_its_identifier() -> None:
    assert [BY_ID[identifier].identifier for identifier in IDENTIFIERS] == IDENTIFIERS


def test_no_two_guarantees_are_shown_alike() -> None:
    assert len({guarantee.title for guarantee in CATALOGUE}) == len(IDENTIFIERS)


@pytest.mark.parametrize("guarantee", CATALOGUE, ids=lambda guarantee: guarantee.identifier)
def test_every_guarantee_says_what_it_means_when_it_is_broken(guarantee: Guarantee) -> None:
    assert guarantee.means
    assert "\n" not in guarantee.title + guarantee.means, "each is one line of the report"


def test_only_a_power_cut_is_beyond_the_guide() -> None:
    assert [guarantee.identifier for guarantee in CATALOGUE if guarantee.beyond] == ["beyond.power_loss"]


@of_the_document
def test_a_promise_is_either_a_command_or_a_sentence(guarantee: Guarantee) -> None:
    assert bool(guarantee.patterns) != bool(guarantee.procedure), f"{guarantee} must have one of them"
    assert guarantee.procedure in {"", *PROCEDURES}


def test_what_goes_beyond_the_guide_is_promised_nowhere(project_guide: Guide) -> None:
    assert find_promise(BY_ID["beyond.power_loss"], project_guide) is None


@of_the_document
def test_the_projects_own_guide_promises_it(guarantee: Guarantee, project_guide: Guide) -> None:
    assert find_promise(guarantee, project_guide), f"{PROJECT_GUIDE.name} has nothing like {guarantee.patterns!r}"


@of_the_document
def test_a_guide_in_english_promises_it(guarantee: Guarantee, english_guide: Guide) -> None:
    assert find_promise(guarantee, english_guide), f"nothing like {guarantee.patterns or guarantee.procedure!r}"


def test_the_most_telling_sentence_is_quoted(tmp_path: Path) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text("Media persist.\n\nThey stay when containers are RECREATED.\n")

    found = find_promise(BY_ID["persistence.recreate"], read_guide(guide))

    assert found is not None
    assert found.line == 3
