"""The picture in docs/top.md is what `netmon top` shows."""

from tests.craft.top_picture import PICTURE, draw_top


def test_the_picture_is_current():
    """It is drawn from the demo's capture; `python -m tests.craft.top_picture` redraws it."""
    assert PICTURE.read_text(encoding="utf-8") == draw_top()
