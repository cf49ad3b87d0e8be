"""A deployment is called as its guide calls it, where every command of the guide does."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_guarantees.guide.named_project import named_project
from media_guarantees.guide.steps import Step


@pytest.mark.parametrize(
    ("scripts", "name"),
    [
        (["docker compose -p shop down && docker compose -p shop up -d"], "shop"),
        (["docker-compose --project-name=shop exec web ls", "sudo docker compose --project-name shop up -d"], "shop"),
        (["docker compose -f live.yml -p shop up -d", "docker run --rm -v media:/s ubuntu true"], "shop"),
        (["docker compose down && docker compose -p platform up -d"], ""),
        (["docker compose -p shop down", "docker compose -p platform up -d"], ""),
        (["docker compose up -d"], ""),
        (["docker compose run -p 80:80 web"], ""),
        (["tar -czf m.tgz media"], ""),
    ],
)
def test_a_project_is_named_where_every_call_of_compose_names_it(scripts: list[str], name: str) -> None:
    assert named_project(Step(Path("guide.md"), 1, script, "restart") for script in scripts) == name


def test_what_a_script_of_the_guide_runs_counts_too() -> None:
    script = Step(Path("guide.md"), 1, "./restart.sh", "restart", "docker compose up -d")
    printed = Step(Path("guide.md"), 2, "docker compose -p shop exec web ls", "inspect")

    assert named_project([printed]) == "shop"
    assert named_project([script, printed]) == ""
