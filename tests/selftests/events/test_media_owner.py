"""What a restore left for another owner is removed before the next event, and only where the owner is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from media_guarantees.core.errors import PromiseBroken
from media_guarantees.deployment.stack import Stack
from media_guarantees.events.media_owner import MediaOwner
from media_guarantees.system.commands import Outcome


class Scripts:
    """The scripts that ran in the volume, each with its arguments; the first answer is the owner's number."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.ran: list[tuple[str, ...]] = []

    def shell(self, *script: str) -> Outcome:
        """Answer with the owner; raise `PromiseBroken` where there is no volume."""
        if not self.owner:
            raise PromiseBroken("the media are in no volume")
        self.ran.append(script)
        return Outcome(script, 0, f"{self.owner}\n".encode(), b"", 0.0)


def stack_of(scripts: Scripts) -> Stack:
    return cast("Stack", SimpleNamespace(media=scripts))


def test_the_media_go_back_to_who_had_them_before() -> None:
    scripts = Scripts(owner="33")
    owner = MediaOwner(stack_of(scripts))

    owner.give_back()

    script, uid = scripts.ran[-1]
    assert uid == "33"
    assert '! -uid "$1"' in script
    assert 'chown "$1" .' in script


@pytest.mark.parametrize("later", ["", "33"])
def test_where_there_was_no_volume_nothing_is_removed(later: str) -> None:
    scripts = Scripts(owner="")
    owner = MediaOwner(stack_of(scripts))
    scripts.owner = later

    owner.give_back()

    assert scripts.ran == []
