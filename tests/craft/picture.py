"""The picture in README: the output of `netmon demo` on a terminal, as SVG without external fonts.

`python -m tests.craft.picture` updates it.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console

from netmon.cli import console as consoles
from netmon.cli import demo

PICTURE = Path(__file__).parents[2] / "docs" / "demo.svg"


def draw() -> str:
    """The picture's SVG: the same bytes each time."""
    plain = {"record": True, "highlight": False, "force_terminal": True}
    # Independent of the environment: with TERM=dumb the width would be 80.
    console = Console(width=84, file=io.StringIO(), _environ={}, **plain)
    made = consoles.make_console
    consoles.make_console = lambda **_: console
    try:
        demo.demo.main([], standalone_mode=False)
    finally:
        consoles.make_console = made
    return as_svg(console, "netmon demo")


def as_svg(console: Console, title: str) -> str:
    """What a console has recorded, without external fonts."""
    svg = console.export_svg(title=title, unique_id="netmon")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main() -> None:
    """Writes the picture."""
    PICTURE.write_text(draw(), encoding="utf-8")
    print(PICTURE, file=sys.stderr)


if __name__ == "__main__":
    main()
