"""Draws dashboards in every state of a site, to be looked at: dark and light, on a phone and on a wall.

python -m tests.render.scenes FOLDER [--boards NAME…] [--scenes NAME…]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tests.grafana.boards import NAMES
from tests.grafana.scenes import SCENES, record_office, record_scene
from tests.render.draw import PHONE, THEMES, build, draw
from tests.render.packages import packages

WALL, WALL_ROWS = 1920, 28  # pixels, and what is visible without scrolling


def main() -> None:
    """Draws them."""
    parser = argparse.ArgumentParser(description="Draws dashboards in every state of a site.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--boards", nargs="*", default=NAMES, choices=NAMES)
    parser.add_argument("--scenes", nargs="*", default=[*SCENES, "office"], choices=[*SCENES, "office"])
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    page, folder = build(packages()), arguments.folder
    for name in arguments.scenes:
        made = record_office(time.time() // 60 * 60) if name == "office" else record_scene(SCENES[name])
        for board in arguments.boards:
            for theme in THEMES:
                draw(page, [board], made, folder / f"{board}-{name}-{theme}.png", theme=theme)
            draw(page, [board], made, folder / f"{board}-{name}-phone.png", width=PHONE)
            draw(page, [board], made, folder / f"{board}-{name}-wall.png", width=WALL, rows=WALL_ROWS)


if __name__ == "__main__":
    main()
