"""The gate refuses options that make no sense, before it reads anything of a live server."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from media_guarantees.core.errors import BadInput
from media_guarantees.gate.gate_settings import GateSettings

SETTINGS = GateSettings(state=Path("before.media"))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"manifest": "fast"}, "--manifest is 'fast'\n  hint: choose one of full, quick"),
        ({"drill": "no"}, "--drill is 'no'\n  hint: choose one of run, skip"),
        ({"removed_list": Path("/nowhere")}, "there is no list of removals /nowhere"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadInput) as refused:
        replace(SETTINGS, **change).check()

    assert problem in str(refused.value)


def test_good_options_are_let_through() -> None:
    SETTINGS.check()


def test_removals_are_declared_by_pattern_or_by_list(tmp_path: Path) -> None:
    listed = tmp_path / "removed"
    listed.write_bytes(b"./avatars/a\n/banners/b\n\nodd \xff\n")
    declared = replace(SETTINGS, removed=("tmp/*",), removed_list=listed).is_declared()

    assert [path for path in (b"avatars/a", b"banners/b", b"odd \xff", b"tmp/x/y") if not declared(path)] == []
    assert not any(map(declared, (b"", b"avatars/ab", b"tmp")))


def test_without_a_declaration_nothing_may_be_removed() -> None:
    assert not SETTINGS.is_declared()(b"a")
