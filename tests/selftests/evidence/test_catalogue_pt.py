"""The Portuguese catalogue is complete."""

import pytest

from media_guarantees.evidence.catalogue import CATALOGUE, Guarantee
from media_guarantees.evidence.catalogue_pt import CATALOGUE_PT, FAMILIES


@pytest.mark.parametrize("guarantee", CATALOGUE, ids=lambda guarantee: guarantee.identifier)
def test_a_guarantee_has_a_title_and_a_meaning_of_its_own(guarantee: Guarantee) -> None:
    title, means = CATALOGUE_PT[guarantee.identifier]

    assert title
    assert title != guarantee.title
    assert means
    assert means != guarantee.means


def test_no_translation_is_left_over() -> None:
    assert sorted(CATALOGUE_PT) == sorted(guarantee.identifier for guarantee in CATALOGUE)


def test_no_two_guarantees_are_called_the_same() -> None:
    titles = [title for title, _ in CATALOGUE_PT.values()]

    assert len(set(titles)) == len(titles)


def test_every_family_has_a_heading_in_both_languages() -> None:
    assert list(FAMILIES) == list(dict.fromkeys(guarantee.identifier.partition(".")[0] for guarantee in CATALOGUE))
    assert [name for name, (english, portuguese) in FAMILIES.items() if not english or english == portuguese] == []
