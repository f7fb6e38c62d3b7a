"""`netmon demo`: the whole job on a capture that comes with netmon. No rights, no network."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

import netmon
from netmon import privacy, wiring
from netmon.cli import terminal
from netmon.config import Config
from netmon.outputs.summary import Summary
from netmon.promises import Subject
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource

_COUNTRY = "DE"


def demo() -> None:
    """Shows the whole job, without rights and without a network.

    Reads a capture that comes with netmon by its default configuration.
    """
    capture = Path(netmon.__file__).parent / "data" / "demo.pcap"
    settings = Config(subject=Subject(_COUNTRY))
    known = wiring.load_signatures(settings)
    monitor = wiring.make_monitor(settings, known)
    console = terminal.make_console()
    vendors = ", ".join(vendor.title for vendor in known.vendors.values())
    steps = (
        f"Reading {capture.name}: ten minutes of a small office in Germany, crafted by us.",
        f"Naming flows by DNS and TLS; matching names and addresses of {vendors}.",
        "Locating servers by several sources, and judging them by what was promised.",
    )
    for number, step in enumerate(steps, start=1):
        console.print(Text.assemble((f"{number}.", "bold"), f" {step}"))
    console.print()
    summary = Summary(known.locations, wiring.make_privacy(settings, privacy.ADDRESS))
    source = FileSource([str(capture)], compile_matcher(known), limits=settings.limits.keywords())
    for batch in source.batches():
        for flow in batch.flows:
            summary.flow(monitor.classify(flow))
    summary.show(console, source.stats())
    console.print(
        "\nNext: `netmon read FILE --country DE` on your own capture, or `netmon run -i IF` on a mirror port."
    )
