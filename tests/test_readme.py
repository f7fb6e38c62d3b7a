"""README agrees with the repository, and is short."""

import re
from pathlib import Path

from tests.craft.picture import PICTURE, draw

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MOST_WORDS = 700


def test_ci_runs_the_test_command_of_the_readme():
    """README has the commands that .ci/run runs in its new environment, word for word."""
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    steps = [line.removesuffix(' "$@"') for line in ci.splitlines() if line.startswith("python -m ")]
    assert len(steps) == 2
    assert all(step in README for step in steps)


def test_readme_is_read_in_minutes():
    """Outside of its blocks of commands and output, README has at most 700 words."""
    text = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    assert len(text.split()) <= MOST_WORDS


def test_picture_shows_what_the_demo_prints():
    """The picture is drawn from the demo; `python -m tests.craft.picture` redraws it."""
    assert PICTURE.read_text(encoding="utf-8") == draw()
