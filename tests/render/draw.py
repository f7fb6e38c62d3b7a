"""Dashboards as pictures: the page is built once, served with one dashboard's data, and captured.

`python -m tests.render.draw` updates the pictures in the documentation.
"""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.grafana.boards import load, panels, targets
from tests.grafana.recording import Recording
from tests.grafana.scenes import office, record_scene
from tests.render.packages import SOURCES, node, packages

WIDTH = 1400
CELL, GAP = 30, 8  # pixels of Grafana's grid
SMALL = 0.75
PICTURES = {"overview": 18, "unexpected": 19}  # shown in the documentation, and how many rows of each
THEMES = ("dark", "light")
SETTLE_MS = 10_000  # of the page's virtual time, which runs as fast as possible
BROWSER = (
    "chromium",
    "--headless",
    "--no-sandbox",  # root needs it, and the page is ours
    "--disable-gpu",
    "--hide-scrollbars",
    f"--virtual-time-budget={SETTLE_MS}",
)


class Drawn(NamedTuple):
    """The contents of a picture: its text, and the value that colours each marker of its map, by city."""

    text: str
    markers: dict[str, float]


def build(folder: Path) -> Path:
    """The page, ready to be served."""
    for file in SOURCES.iterdir():
        if file.suffix in (".js", ".jsx", ".html"):
            shutil.copy(file, folder)
    node(folder, "vite", "build")
    return folder / "dist"


def draw(
    page: Path,
    name: str,
    recording: Recording,
    picture: Path,
    rows: int | None = None,
    theme: str = THEMES[0],
) -> Drawn:
    """Draws a dashboard into a PNG file. Returns its contents; raises RuntimeError for an error on the page.

    `rows`: draws only so many rows of the grid, from the top, at a smaller scale.
    """
    scale = 1.0 if rows is None else SMALL
    board = load(name)
    answers: dict[int, dict[str, Any]] = {panel["id"]: {} for panel in panels(board)}
    for one in targets():
        if one.board == name:
            answers[one.panel["id"]][one.query["refId"]] = recording.answers[one.name]
    data = {"board": board, "answers": answers, "when": recording.when._asdict(), "width": WIDTH}
    rows = rows or max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    size = f"--window-size={WIDTH},{rows * (CELL + GAP) + GAP}"
    handler = functools.partial(_Handler, directory=str(page))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.data, server.outcome = json.dumps(data).encode(), []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with tempfile.TemporaryDirectory() as profile:
            url = f"http://127.0.0.1:{server.server_port}/index.html?theme={theme}"
            zoom = f"--force-device-scale-factor={scale}"
            words = [*BROWSER, zoom, f"--user-data-dir={profile}", size, f"--screenshot={picture}", url]
            subprocess.run(words, capture_output=True, timeout=120, check=True)
        server.shutdown()
    outcome = {key: value for one in server.outcome for key, value in json.loads(one).items()}
    if "text" not in outcome or "problem" in outcome:
        raise RuntimeError(outcome.get("problem", "the page reported nothing"))
    return Drawn(outcome["text"], {place: float(value) for place, value in outcome["markers"]})


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
    made = record_scene(office, begin_s=int(time.time()) // 60 * 60 - 3600)
    site = build(packages())
    for board, height in PICTURES.items():
        draw(site, board, made, SOURCES.parents[1] / "docs" / f"{board}.png", height)
