"""Dashboards as pictures: the page is built once, served with the data of dashboards, and captured.

`python -m tests.render.draw` updates the pictures in the documentation.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.grafana.boards import load, panels, targets
from tests.grafana.recording import Recording
from tests.grafana.scenes import record_office
from tests.render.packages import SOURCES, content_hash, node, packages

WIDTH = 1400
PHONE = 390  # pixels; below 769, Grafana puts every panel below the one before
MOST_PHONE = 768
CELL, GAP = 30, 8  # pixels of Grafana's grid
SMALL = 0.75
PICTURES = {"overview": 19, "unexpected": 23}  # shown in the documentation, and how many rows of each
THEMES = ("dark", "light")
SETTLE_MS = 10_000  # of the page's virtual time, which runs as fast as possible
MOST_KEPT = 64  # drawings
MOST_PAGES = 3  # of earlier sources
BROWSER = (
    "chromium",
    "--headless",
    "--no-sandbox",  # root needs it, and the page is ours
    "--disable-gpu",
    "--hide-scrollbars",
    f"--virtual-time-budget={SETTLE_MS}",
)


class Drawn(NamedTuple):
    """The contents of a dashboard.

    Its text, the value that colours each marker of its map, by city, and texts that do not fit their place.
    """

    text: str
    markers: dict[str, float]
    clipped: list[str]


def build(folder: Path) -> Path:
    """The page, ready to be served; built once for the same sources, also by tests at the same time."""
    sources = [file for file in sorted(SOURCES.iterdir()) if file.suffix in (".js", ".jsx", ".html")]
    made = folder / f"page-{content_hash(*(file.read_bytes() for file in sources))}"
    if not made.exists():
        for old in sorted(folder.glob("page-*"), key=lambda one: one.stat().st_mtime)[:-MOST_PAGES]:
            shutil.rmtree(old, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as name:
            building = Path(name) / made.name
            building.mkdir()
            for file in sources:
                shutil.copy(file, building)
            node(folder, "vite", "build", str(building))
            with contextlib.suppress(OSError):  # another test was faster
                building.rename(made)
    return made / "dist"


def draw(
    page: Path,
    names: Sequence[str],
    recording: Recording,
    picture: Path,
    *,
    rows: int | None = None,
    theme: str = THEMES[0],
    width: int = WIDTH,
    scale: float = 1.0,
) -> list[Drawn]:
    """Draws dashboards one below the other into a PNG file. Returns the contents of each.

    `rows`: draws only so many rows of the grid, from the top. RuntimeError: there was an error on the page.
    The same data is drawn once only: later calls find the picture beside the page.
    """
    boards = [_data_of(name, recording) for name in names]
    asked = {"boards": boards, "when": recording.when._asdict(), "width": width}
    data = json.dumps(asked, sort_keys=True).encode()
    height = (rows or sum(_rows(board["board"], width) for board in boards)) * (CELL + GAP) + GAP * len(
        boards
    )
    kept = page.parent / "drawn" / content_hash(data, f"{theme} {height} {scale}".encode())
    if not kept.with_suffix(".json").exists():
        kept.parent.mkdir(exist_ok=True)
        _prune(kept.parent)
        words = [f"--force-device-scale-factor={scale}", f"--window-size={width},{height}"]
        query = f"theme={theme}&now={round(recording.when.end_s * 1000)}"
        with tempfile.TemporaryDirectory(dir=kept.parent) as name:
            shot, contents = (Path(name) / f"new{suffix}" for suffix in (".png", ".json"))
            contents.write_text(json.dumps(_capture(page, data, query, words, shot)), encoding="utf-8")
            shot.rename(kept.with_suffix(".png"))
            contents.rename(kept.with_suffix(".json"))
    shutil.copy(kept.with_suffix(".png"), picture)
    contents = json.loads(kept.with_suffix(".json").read_text(encoding="utf-8"))
    return [
        Drawn(one["text"], {place: float(value) for place, value in one["markers"]}, one["clipped"])
        for one in contents
    ]


def _data_of(name: str, recording: Recording) -> dict[str, Any]:
    board = load(name)
    answers: dict[int, dict[str, Any]] = {panel["id"]: {} for panel in panels(board)}
    for one in targets():
        if one.board == name:
            answers[one.panel["id"]][one.query["refId"]] = recording.answers[one.name]
    return {"board": board, "answers": answers}


def _rows(board: dict[str, Any], width: int) -> int:
    places = [panel["gridPos"] for panel in board["panels"]]
    return (
        sum(one["h"] for one in places) if width <= MOST_PHONE else max(one["y"] + one["h"] for one in places)
    )


def _prune(folder: Path) -> None:
    """Forgets the oldest drawings."""
    oldest = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
    for file in oldest[: max(0, len(oldest) - MOST_KEPT)]:
        file.with_suffix(".png").unlink(missing_ok=True)
        file.unlink()


def _capture(page: Path, data: bytes, query: str, words: list[str], picture: Path) -> list[dict[str, Any]]:
    """The browser's picture of the page with this data, and what the page reports."""
    handler = functools.partial(_Handler, directory=str(page))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.data, server.outcome = data, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with tempfile.TemporaryDirectory() as profile:
            url = f"http://127.0.0.1:{server.server_port}/index.html?{query}"
            command = [*BROWSER, *words, f"--user-data-dir={profile}", f"--screenshot={picture}", url]
            subprocess.run(command, capture_output=True, timeout=120, check=True)
        server.shutdown()
    outcome = {key: value for one in server.outcome for key, value in json.loads(one).items()}
    if "boards" not in outcome or "problem" in outcome:
        raise RuntimeError(outcome.get("problem", "the page reported nothing"))
    return outcome["boards"]


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the page and its data, and records what the page reports."""

    def do_GET(self) -> None:
        """A file of the page, or the data."""
        if self.path != "/data.json":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(self.server.data)

    def do_POST(self) -> None:
        """The outcome that the page reports."""
        self.server.outcome.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


if __name__ == "__main__":
    made = record_office(time.time() // 60 * 60)
    site = build(packages())
    for board, height in PICTURES.items():
        target = SOURCES.parents[1] / "docs" / f"{board}.png"
        draw(site, [board], made, target, rows=height, scale=SMALL)
