"""A directory is found in a listing, whichever program printed it."""

import pytest

from media_guarantees.events.home.listed_names import names_in


@pytest.mark.parametrize(
    "listing",
    [
        "total 8\ndrwxr-xr-x 2 app app 4096 Nov 25 09:00 avatars\n",
        "avatars  event_banners  notes.txt\n",
        "avatars/\nnotes.txt\n",
        "\x1b[0m\x1b[01;34mavatars\x1b[0m\n",
        "./avatars\n./avatars/1.jpg\n",
        "/srv/media/avatars/1.jpg\n",
        "/srv/media/avatars:\n1.jpg\n",
        ".\n\u251c\u2500\u2500 avatars\n\u2514\u2500\u2500 notes.txt\n",
        "4.0K\t./avatars\n",
        "'avatars'\n",
    ],
    ids=["ls -l", "ls -C", "ls -F", "colours", "find", "find, absolute", "ls -R", "tree", "du", "quoted"],
)
def test_a_directory_is_found(listing: str) -> None:
    assert "avatars" in names_in(listing)


@pytest.mark.parametrize("listing", ["", "total 0\n", "old-avatars\n", "avatars.zip\n"])
def test_a_directory_that_is_not_listed_is_not_found(listing: str) -> None:
    assert "avatars" not in names_in(listing)
