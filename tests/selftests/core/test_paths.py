"""The suite finds its own checkout from any working directory."""

from media_guarantees.core.paths import CACHE, ROOT


def test_the_root_is_the_checkout() -> None:
    assert (ROOT / "media_guarantees/core/paths.py").is_file()
    assert (ROOT / "Makefile").is_file()
    assert CACHE.parent == ROOT
