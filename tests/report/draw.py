"""The report in a real browser: pictures, and what does not fit.

`python -m tests.report.draw` updates the pictures in the documentation.
"""

from __future__ import annotations

import functools
import html
import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from netmon.language.language import Language
from netmon.report.checks import checks_of
from netmon.report.page import render
from tests.report.recorded import SIGNATURES, report_of
from tests.report.scenes import SCENES

DOCS = Path(__file__).parents[2] / "docs"
PICTURE = DOCS / "report.png"
STATES = DOCS / "reports"
"""The first page of the report in each state of a network, and two of them in German."""
PICTURES = (*((name, "en") for name in SCENES), ("undecided", "de"), ("poor_view", "de"))
WIDTHS = DESKTOP, PHONE = 980, 360
BROWSER = (
    "chromium",
    "--headless",
    "--no-sandbox",  # root needs it, and the page is ours
    "--disable-gpu",
    "--hide-scrollbars",
    "--allow-file-access-from-files",  # the frame looks into the page
    "--virtual-time-budget=5000",
)
FRAME = """<!DOCTYPE html><body style="margin:0">%s<pre id="seen"></pre><script>
const look = frame => {
  const page = frame.contentDocument, wide = page.documentElement.clientWidth;
  const box = one => one.getBoundingClientRect();
  const scrolls = one => one.closest(".scroll, .drawing, svg");
  const out = [...page.body.querySelectorAll("*")].filter(one => !scrolls(one) && box(one).right > wide + 1);
  const labels = [...page.querySelectorAll(".map text:not(.value)")].map(box);
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const overlaps = labels.flatMap((a, at) => labels.slice(at + 1).filter(b => meet(a, b)));
  const texts = [...page.querySelectorAll(".map text, .time text")].filter(one => box(one).width);
  const cut = texts.filter(one => {
    const frame = box(one.closest("svg"));
    return box(one).left < frame.left || box(one).right > frame.right;
  });
  const scrolled = [...page.querySelectorAll(".finding .scroll")];
  const pushed = scrolled.filter(one => one.scrollWidth > one.clientWidth);
  const cells = [...page.querySelectorAll("td, th")].filter(one => one.clientWidth);
  const spilled = cells.filter(one => one.scrollWidth > one.clientWidth + 1);
  return {
    width: page.documentElement.scrollWidth, out: out.map(one => one.tagName + " " + one.className),
    labels: labels.length, overlaps: overlaps.length,
    spilled: spilled.map(one => one.textContent), pushed: pushed.map(one => one.scrollWidth),
    cut: cut.map(one => one.textContent), styled: getComputedStyle(page.body).maxWidth,
    height: page.documentElement.scrollHeight };
};
onload = () => {
  const seen = [...document.querySelectorAll("iframe")].map(look);
  document.getElementById("seen").textContent = JSON.stringify(seen);
};
</script>"""
"""A page that looks at the report from outside: its own policy allows no script."""
IN_FRAME = '<iframe src="page.html" style="border:0;height:9000px" width="%d"></iframe>'
"""The report as in a window of this width."""


@functools.cache
def page_of(name: str, language: str = "en") -> str:
    """The page on a scene."""
    checks = checks_of(["netmon", "report", "--since", "2026-09-01"])
    return render(report_of(name), Language(language), SIGNATURES.locations, checks)


@functools.cache  # a browser takes seconds to start
def inspect(page: str) -> dict[int, dict[str, Any]]:
    """What a browser shows on a phone and on a screen, by its width: its own width, and what sticks out."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "page.html").write_text(page, encoding="utf-8")
        frames = "".join(IN_FRAME % width for width in WIDTHS)
        (folder / "frame.html").write_text(FRAME % frames, encoding="utf-8")
        shown = _run(folder, "--window-size=1200,9000", "--dump-dom", (folder / "frame.html").as_uri())
    [seen] = re.findall(r'<pre id="seen">(.*?)</pre>', shown, re.DOTALL)
    return dict(zip(WIDTHS, json.loads(html.unescape(seen)), strict=True))


def draw(
    page: str, picture: Path, width: int, height: int, *, scale: float = 1.0, dark: bool = False
) -> None:
    """Draws the beginning of a page into a PNG file; a window has at least 500 pixels."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "page.html").write_text(page, encoding="utf-8")
        words = [f"--window-size={width},{height}", f"--force-device-scale-factor={scale}"]
        words += ["--force-dark-mode"] if dark else []
        _run(folder, *words, f"--screenshot={picture}", (folder / "page.html").as_uri())


def _run(folder: Path, *words: str) -> str:
    command = [*BROWSER, f"--user-data-dir={folder}/profile", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


if __name__ == "__main__":
    draw(page_of("moscow"), PICTURE, 900, 1060, scale=0.9)
    STATES.mkdir(exist_ok=True)
    for name, language in PICTURES:
        draw(page_of(name, language), STATES / f"{name}.{language}.png", 900, 1060, scale=0.6)
