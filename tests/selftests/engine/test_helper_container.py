"""Helper containers remove themselves and carry the run's labels."""

import pytest

from media_guarantees.engine.helper_container import IMAGE, command, label_arguments


def test_labels_become_arguments() -> None:
    assert label_arguments({"a": "1", "b": "x y"}) == ["--label=a=1", "--label=b=x y"]


@pytest.mark.parametrize("option", ["--rm", "--label=run=1", "--network=none"])
def test_a_container_goes_away_is_labelled_and_has_the_options_given(option: str) -> None:
    assert option in command({"run": "1"}, "--network=none")


def test_what_follows_the_command_is_the_program() -> None:
    assert command({}, "--network=none")[-1] == IMAGE == "ubuntu"
