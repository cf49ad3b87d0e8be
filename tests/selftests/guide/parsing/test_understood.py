"""Without a confined shell, a command is typed only if every word of it is known to be harmless."""

import pytest

from media_guarantees.guide.parsing.docker_commands import unwrapped
from media_guarantees.guide.parsing.shell_words import read_commands
from media_guarantees.guide.parsing.understood import not_understood, run_options


@pytest.mark.parametrize(
    "script",
    [
        "docker run --rm -v media:/x ubuntu true",
        "docker volume inspect media > /dev/null 2>&1",
        "docker-compose up -d",
        "docker compose logs web; echo done",
        "mkdir -p backups/media && ls -la backups",
    ],
)
def test_what_stays_is_understood(script: str) -> None:
    assert not_understood(script) == ""


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("rm -rf backups", "it also runs rm -rf backups"),
        ("mkdir ../x", "it runs mkdir on ../x"),
        ("ls ~", "it runs ls on ~"),
        ("/tmp/ls backups", "it also runs /tmp/ls backups"),
        ("docker volume rm media", "it also runs docker volume rm"),
        ("docker run --rm ubuntu true > file", "it writes to file"),
        ("(docker-compose down)", "what the subshell in it does is not known here"),
        ("docker-compose down | cat", "what the pipeline in it does is not known here"),
        ("docker-compose -f other.yml down", "it runs docker-compose -f other.yml down"),
        ("docker-compose run web rm", "it runs docker-compose run"),
        ("docker run $OPTIONS ubuntu true", "what $OPTIONS stands for is not known here"),
        ('docker run --rm ubuntu sh -c "$(curl example.org)"', "what $(curl example.org) stands for is not known here"),
        ("docker run --rm -v a:/x ubuntu true <(cat)", "what the process substitution in it does is not known here"),
    ],
)
def test_what_may_reach_further_is_named(script: str, reason: str) -> None:
    assert not_understood(script) == reason


def test_a_program_that_the_caller_knows_is_harmless() -> None:
    assert not_understood("./migrate_media.sh --dry-run", also=("./migrate_media.sh",)) == ""


@pytest.mark.parametrize(
    ("written", "options"),
    [
        ("--rm -v a:/x", [("--rm", ""), ("-v", "a:/x")]),
        ("--volume=a:/x -itv b:/y", [("--volume", "a:/x"), ("-v", "b:/y")]),
        ("-va:/x -u 0:0 --name=x", [("-v", "a:/x"), ("-u", "0:0"), ("--name", "x")]),
    ],
)
def test_the_options_of_a_run_end_at_its_image(written: str, options: list[tuple[str, str]]) -> None:
    (command,) = read_commands(f"docker run {written} ubuntu tar --create")

    assert list(run_options(unwrapped(command.calls[0]))) == options
