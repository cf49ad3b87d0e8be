"""A file is named by its path in its repository, and no folder of the machine is named."""

from pathlib import Path

import pytest

from media_guarantees.evidence.formats.source_files import name_in_repository, repository_of, without_folders


@pytest.fixture(name="guide")
def _guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.delenv("CI_PROJECT_DIR", raising=False)
    guide = tmp_path / "platform" / "docs" / "guide.md"
    guide.parent.mkdir(parents=True)
    guide.touch()
    return guide


def test_a_repository_is_the_nearest_folder_that_git_knows(tmp_path: Path, guide: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "platform" / ".git").write_text("gitdir: …")  # a worktree, or a submodule

    assert repository_of(guide) == tmp_path / "platform"
    assert name_in_repository(guide) == "docs/guide.md"


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_a_checkout_of_a_job_may_lack_its_repository(
    tmp_path: Path, guide: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path))

    assert name_in_repository(guide) == "platform/docs/guide.md"


def test_a_file_of_no_repository_is_named_alone(guide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", "/somewhere/else")

    assert repository_of(guide) is None
    assert name_in_repository(guide) == "guide.md"


def test_a_link_is_named_by_where_it_leads(tmp_path: Path, guide: Path) -> None:
    (tmp_path / "platform" / ".git").mkdir()
    (tmp_path / "link.md").symlink_to(guide)

    assert name_in_repository(tmp_path / "link.md") == "docs/guide.md"


def test_files_in_the_folders_are_named_relative_to_the_innermost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    text = "/srv/app/docs/a, /srv/b, /srv/app2/c, /home/alice/d and /media/avatars"

    assert without_folders(text, [Path("/srv"), Path("/srv/app"), Path("/")]) == (
        "docs/a, b, app2/c, ~/d and /media/avatars"
    )


def test_the_root_as_a_home_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")

    assert without_folders("/media/avatars", []) == "/media/avatars"
