"""The picture of `netmon top` in docs/top.md: what it shows of the demo's office, as SVG.

`python -m tests.craft.top_picture` updates it.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from netmon import wiring
from netmon.config.settings import Config
from netmon.exposition import encode
from netmon.language.language import ENGLISH
from netmon.outputs.events import Events
from netmon.outputs.observer import Observer
from netmon.outputs.process import SensorInfo
from netmon.outputs.prometheus import Prometheus
from netmon.privacy import PSEUDONYM, Privacy
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource
from netmon.store.intake import Intake
from netmon.store.latest import latest_findings
from netmon.store.sqlite import MEMORY, SqliteStore
from netmon.top.drawing import draw
from netmon.top.glance import FlowAmount, Glance, WatchedPort, read_glance
from netmon.top.records_reader import as_lines
from netmon.top.state import Pair, Records, TopState
from netmon.verdict.subjects import Subjects
from tests.craft.picture import as_svg

PICTURE = Path(__file__).parents[2] / "docs" / "top.svg"
DEMO = Path(wiring.__file__).parent / "data" / "demo.pcap"
WIDTH, HEIGHT = 100, 24
NOW = datetime(2026, 9, 15, 8, 40, 12, tzinfo=UTC)
STYLES: Mapping[str, str] = {
    "title": "reverse",
    "bold": "bold",
    "bad": "bold red",
    "warn": "yellow",
    "good": "green",
    "dim": "dim",
}


def office() -> TopState:
    """The demo's capture, as a sensor that has watched the office for ten minutes."""
    settings = Config(sensor="office", site="Berlin", subjects=Subjects("DE"))
    known = wiring.load_signatures(settings)
    monitor, privacy = wiring.make_monitor(settings, known), Privacy(PSEUDONYM, bytes(32))

    observer = Observer("office", "Berlin", "demo")
    source = FileSource([str(DEMO)], compile_matcher(known), limits=settings.engine_keywords())
    metrics = Prometheus("1", source.stats)
    store = SqliteStore(MEMORY)
    intake = Intake(store, "memory")
    outputs = [metrics, Events(intake, privacy, known.locations, observer)]
    for batch in source.batches():
        wiring.deliver(batch, monitor, outputs)
    intake.flush()
    findings = latest_findings(store, "office", "demo", 100)
    store.close()
    metrics.loaded(known, (), 0)
    metrics.live_registry.register(SensorInfo("office", "Berlin"))
    glance = read_glance(encode(metrics.live_registry).decode(), NOW.timestamp())
    port = WatchedPort(packets=1_234_567)
    now = replace(glance, ports={"eth1": port}, active_flows=1_204, started_s=NOW.timestamp() - 600)
    return TopState(
        "http://127.0.0.1:10977", shown=Pair(now, _before(now)), records=Records(as_lines(findings))
    )


def _before(now: Glance) -> Glance:
    """Two seconds ago, with a hundredth of the bytes less."""
    flows = {
        kind: FlowAmount(one.flows, one.sent * 0.99, one.received * 0.99) for kind, one in now.flows.items()
    }
    ports = {"eth1": WatchedPort(packets=1_234_567 - 24_690)}
    return replace(now, at_s=now.at_s - 2, flows=flows, ports=ports)


def draw_top() -> str:
    """The picture's SVG: the same bytes each time."""
    console = Console(
        width=WIDTH, file=io.StringIO(), record=True, highlight=False, force_terminal=True, _environ={}
    )
    for line in draw(office(), NOW, WIDTH, HEIGHT, ENGLISH).lines:
        text = Text.assemble(*((one.text, STYLES.get(one.style, "")) for one in line), no_wrap=True)
        console.print(text, crop=False)
    return as_svg(console, "netmon top")


def main() -> None:
    """Writes the picture."""
    PICTURE.write_text(draw_top(), encoding="utf-8")
    print(PICTURE, file=sys.stderr)


if __name__ == "__main__":
    main()
