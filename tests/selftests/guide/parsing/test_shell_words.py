r"""Words are read as a shell would read them: quotes and escapes go, expansions stay as they are printed."""

import pytest

from media_guarantees.guide.parsing.shell_words import Command, read_commands, read_script


def command(text: str) -> Command:
    (read,) = read_commands(text)
    return read


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("plain", "plain"),
        ("42", "42"),
        (r"a\ b", "a b"),
        ("'a $x b'", "a $x b"),
        ('"a b"', "a b"),
        (r'"say \"a\" for \$5, \n"', r'say "a" for $5, \n'),
        ('"a\\\nb"', "ab"),
        ('"$x"', "$x"),
        ('"a $x b"', "a $x b"),
        ('"  $x  "', "  $x  "),
        ('"${x}y"', "${x}y"),
        ('"a$x"', "a$x"),
        (r'"\"$x\" costs \$5"', r'"$x" costs $5'),
        (r'"$(date +\"%Y\") a"', r"$(date +\"%Y\") a"),
        ('backup_"$(date +%F)".tar', "backup_$(date +%F).tar"),
        ("a'b'\"c\"d", "abcd"),
    ],
)
def test_a_word_has_the_value_that_the_shell_gives_it(raw: str, value: str) -> None:
    ((_, word),) = command(f"echo {raw}").calls

    assert (word.raw, word.value) == (raw, value)


@pytest.mark.parametrize(
    ("printed", "operator", "target"),
    [
        ("tar c . > a.tar", ">", "a.tar"),
        ("tar c . >> a.tar", ">>", "a.tar"),
        ("tar c . 2> errors.log", ">", "errors.log"),
        ("tar x < a.tar", "<", "a.tar"),
        ("tar c . 2>&1", ">&", "1"),
        ('tar c . > "$(date).tar"', ">", '"$(date).tar"'),
    ],
)
def test_a_redirection_has_its_operator_and_its_target(printed: str, operator: str, target: str) -> None:
    assert [(each.operator, each.target.raw) for each in command(printed).redirections] == [(operator, target)]


def test_a_script_is_read_to_its_end() -> None:
    assert [each.text for each in read_script("first a\nif true; then\n  second b\nfi\nlast c")][-1] == "last c"
