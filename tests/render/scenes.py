"""Draws dashboards in every state of a site, dark and light, to be looked at.

python -m tests.render.scenes FOLDER [BOARD…]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.grafana.boards import NAMES
from tests.grafana.scenes import SCENES, record_scene
from tests.render.draw import THEMES, build, draw
from tests.render.packages import packages


def main() -> None:
    """Draws them."""
    parser = argparse.ArgumentParser(description="Draws dashboards in every state of a site.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("boards", nargs="*", default=NAMES)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    page = build(packages())
    for name, scene in SCENES.items():
        made = record_scene(scene)
        for board in arguments.boards:
            for theme in THEMES:
                draw(page, board, made, arguments.folder / f"{board}-{name}-{theme}.png", theme=theme)


if __name__ == "__main__":
    main()
