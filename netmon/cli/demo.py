"""`netmon demo`: a complete run on a bundled capture. It needs no privileges and no network."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from netmon import wiring
from netmon.cli import terminal
from netmon.config.settings import Config
from netmon.outputs.summary import Summary
from netmon.privacy import ADDRESS
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource
from netmon.verdict.subjects import Subjects

_COUNTRY = "DE"


def demo() -> None:
    """Runs on a bundled capture, without privileges or network.

    Uses the default configuration, whatever yours is.
    """
    capture = Path(__file__).parents[1] / "data" / "demo.pcap"
    settings = Config(subjects=Subjects(_COUNTRY), privacy_level=ADDRESS)
    known = wiring.load_signatures(settings)
    monitor = wiring.make_monitor(settings, known)
    console = terminal.make_console()
    vendors = ", ".join(vendor.title for vendor in known.vendors.values())
    steps = (
        f"Reading {capture.name}: ten minutes of a small office in Germany (synthetic).",
        f"Naming flows by DNS and TLS, and matching them with signatures of {vendors}.",
        "Locating servers with several sources, and comparing their places with promises.",
    )
    for number, step in enumerate(steps, start=1):
        console.print(Text.assemble((f"{number}.", "bold"), f" {step}"))
    console.print()
    summary = Summary(known.locations, wiring.make_privacy(settings))
    source = FileSource([str(capture)], compile_matcher(known), limits=settings.engine_keywords())
    for batch in source.batches():
        for flow in batch.flows:
            summary.flow(monitor.classify(flow))
    summary.show(console, source.stats())
    console.print("\nNext, on your own capture: netmon read FILE --country DE")
    console.print('Or on a mirror port: sudo "$(command -v netmon)" run -i IF')
