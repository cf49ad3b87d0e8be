"""What was found is told in figures, and judged only where the operator has set a limit."""

import logging

import pytest
from invented_server import DAY, HOUR, LAST_NIGHT, NOW, File, Server, dated, packed

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.gate.kept.archive_choice import KeptArchive
from media_guarantees.gate.kept.archive_comparison import LOST, RENAMED, ArchiveComparison
from media_guarantees.gate.kept.archive_findings import age_of, expect_complete, expect_little_since
from media_guarantees.media.manifest import Entry


def figures_of(server: Server, caplog: pytest.LogCaptureFixture) -> dict[str, float]:
    caplog.set_level(logging.INFO, journal.FIGURES.name)
    server.judged()
    found: dict[str, float] = {}
    for record in caplog.records:
        found |= getattr(record, "figures", {})
    return found


def test_a_drill_has_figures_with_names(caplog: pytest.LogCaptureFixture) -> None:
    server = Server()

    assert figures_of(server, caplog) == {
        "archive_age_seconds": 9 * HOUR - 20,
        "archive_bytes": len(server.archive),
        "archives_kept": 10,
        "newest_content_age_seconds": 10 * HOUR,
        "rpo_seconds": 8 * HOUR,
        "since_files": 4,
        "since_bytes": sum(len(each.content) for each in server.live.values() if each.came > LAST_NIGHT),
    }


def test_a_platform_to_which_nothing_came_would_lose_nothing(caplog: pytest.LogCaptureFixture) -> None:
    server = Server(live=Server().then())

    assert figures_of(server, caplog)["rpo_seconds"] == 0


def test_without_limits_the_figures_are_told_and_not_judged() -> None:
    server = Server()
    server.limits(max_age=None, max_rpo=None, min_kept=None)

    found = server.judged()

    assert found["backup.fresh"] == ("unproven", "no limit was set: MAX_AGE=26h, or MAX_RPO=26h")
    assert found["backup.retained"] == ("unproven", "no limit was set: MIN_KEPT=7")
    assert found["backup.complete"][0] == "proved"


@pytest.mark.parametrize("limit", ["max_age", "max_rpo"])
def test_one_limit_is_enough_to_judge_by(limit: str) -> None:
    server = Server()
    server.limits(**{limit: None})

    assert server.judged()["backup.fresh"][0] == "proved"


def test_an_archive_under_another_days_name_is_broken_without_any_limit() -> None:
    server = Server(archive=packed(Server().then(LAST_NIGHT - DAY)))
    server.limits(max_age=None, max_rpo=None, min_kept=None)

    assert server.judged()["backup.fresh"][0] == "broken"


def test_a_damaged_archive_leaves_what_came_since_unproven() -> None:
    server = Server(archive=b"junk")

    assert server.judged()["backup.fresh"][0] == "unproven"


def test_a_copy_is_no_younger_than_the_day_in_its_name() -> None:
    copy = KeptArchive(dated(LAST_NIGHT - 5 * DAY), 1, NOW - 60)

    assert age_of(copy, Server().clock()) == 4 * DAY + 12 * HOUR


def test_what_came_since_an_older_archive_is_not_held_against_the_limit() -> None:
    server = Server()
    choice = server.choice()
    older = type(choice)(choice.kept[0], choice.newest, choice.kept)

    with pytest.raises(Unproven, match=r"MAX_RPO is of the newest archive, and .* was drawn"):
        expect_little_since(older, ArchiveComparison(), server.request, server.clock())


def test_every_loss_is_in_the_detail_and_the_first_are_in_the_message() -> None:
    comparison = ArchiveComparison()
    for n in range(9):
        comparison.note(LOST, Entry(b"avatars/%d.jpg" % n, "file", 1, "", 0, 0, 0, 0, b""))
    comparison.note(RENAMED, Entry(b"new/a.jpg", "file", 1, "", 0, 0, 0, 0, b""))
    comparison.elsewhere[b"new/a.jpg"] = b"old/a.jpg"

    with pytest.raises(PromiseBroken) as broken:
        expect_complete(KeptArchive("a.tar.gz", 1, NOW), comparison)

    assert "9 files not in the archive" in broken.value.seen
    assert "'avatars/4.jpg' …; 1 file in the archive only below" in broken.value.seen
    assert "'avatars/8.jpg'" in broken.value.detail
    assert "'new/a.jpg', in the archive as 'old/a.jpg'" in broken.value.detail
    assert broken.value.damaged["avatars/8.jpg"] == "missing"


def test_what_is_broken_says_what_it_means_and_what_to_do() -> None:
    server = Server(archive=packed({"other/a.jpg": File(b"x", NOW - DAY)}))

    reason = server.judged()["backup.complete"][1]

    assert [part.partition(":")[0] for part in reason.splitlines()] == ["seen", "means", "next"]
