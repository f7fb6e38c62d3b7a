"""`netmon demo`: a complete run on a bundled capture. It needs no privileges and no network."""

from __future__ import annotations

import os
from pathlib import Path

import click

from netmon import wiring
from netmon.cli import console as consoles
from netmon.cli.single_options import language_option
from netmon.cli.spoken_language import LanguageName, chosen_language
from netmon.config.settings import Config
from netmon.outputs.layout import Paragraph
from netmon.outputs.summary import Summary
from netmon.privacy import ADDRESS
from netmon.signatures.cached import cache_folder
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource
from netmon.verdict.subjects import Subjects

_COUNTRY = "DE"


@click.command()
@language_option
def demo(language: LanguageName | None) -> None:
    """Runs on a bundled capture, without privileges or network.

    Uses the default configuration, whatever yours is.
    """
    capture = Path(__file__).parents[1] / "data" / "demo.pcap"
    settings = Config(subjects=Subjects(_COUNTRY), privacy_level=ADDRESS)
    known = wiring.load_signatures(settings, cache=cache_folder(os.environ))
    monitor = wiring.make_monitor(settings, known)
    console = consoles.make_console()
    vendors = ", ".join(vendor.title for vendor in known.vendors.values())
    spoken = chosen_language(language)
    steps = (
        spoken.say(
            "Reading {file}: ten minutes of a small office in Germany (synthetic).", file=capture.name
        ),
        spoken.say(
            "Naming flows by DNS and TLS, and matching them with signatures of {vendors}.", vendors=vendors
        ),
        spoken.say("Locating servers with several sources, and comparing their places with promises."),
    )
    for number, step in enumerate(steps, start=1):
        console.print(Paragraph(f"{number}. {step}", "bold", "   ", styled=len(f"{number}.")))
    console.print()
    summary = Summary(known.locations, wiring.make_privacy(settings), language=spoken)
    source = FileSource([str(capture)], compile_matcher(known), limits=settings.engine_keywords())
    for batch in source.batches():
        for flow in batch.flows:
            summary.flow(monitor.classify(flow))
    summary.show(console, source.stats())
    console.print()
    own, live = "netmon read FILE --country DE", 'sudo "$(command -v netmon)" run -i IF'
    console.print(spoken.say("Next, on your own capture: {command}", command=own), soft_wrap=True)
    console.print(spoken.say("Or on a mirror port: {command}", command=live), soft_wrap=True)
