"""The built-in capture on its way through the installation: engine, signatures, outputs."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netmon import wiring
from netmon.config.settings import Config
from netmon.exposition import encode
from netmon.language.language import LANGUAGES, Language
from netmon.outputs.events import Events
from netmon.outputs.observer import Observer
from netmon.outputs.prometheus import Prometheus
from netmon.outputs.summary import Summary
from netmon.privacy import ADDRESS
from netmon.report.build import build
from netmon.report.checks import checks_of
from netmon.report.gather import gather
from netmon.report.page import render
from netmon.signatures.match import compile_matcher
from netmon.sources.file_identity import run_of
from netmon.sources.files import FileSource
from netmon.store.history import read_history
from netmon.store.kept import kept_in
from netmon.store.queries import Reader, Scope
from netmon.store.reading import ReadUnder
from netmon.store.sqlite import MEMORY
from netmon.verdict.subjects import Subjects

CAPTURE = Path(__file__).parents[1] / "data" / "demo.pcap"
Results = dict[str, dict[str, object]]
"""Part → what was found → its value, which JSON has as well."""

_COUNTED = ("packets", "bytes", "flows", "hellos", "dns_messages", "other_flows")
_METRICS = ("netmon_flows_total{", "netmon_flow_sent_bytes_total{", "netmon_dns_messages_total")


def replay() -> Results:
    """What the installation finds in the capture. Opens no network connection and writes no file.

    Raises whatever a damaged installation raises.
    """
    config = Config(subjects=Subjects("DE"), privacy_level=ADDRESS, databases=())
    known = wiring.load_signatures(config)
    privacy, observer = wiring.make_privacy(config), Observer("selftest", "", run_of([str(CAPTURE)], ""))
    source = FileSource([str(CAPTURE)], compile_matcher(known), limits=config.engine_keywords())
    lines = io.StringIO()
    events = Events(lines, privacy, known.locations, observer)
    summary, metrics = Summary(known.locations, privacy), Prometheus("selftest", source.stats)
    metrics.loaded(known, (), 0.0)
    under = ReadUnder(config, known, (), privacy, observer, [str(CAPTURE)], "")
    with kept_in(MEMORY, under) as kept:
        monitor = wiring.make_monitor(config, known)
        for batch in source.batches():
            wiring.deliver(batch, monitor, [events, metrics, summary, kept.reading])
        kept.reading.finish(source.stats())
        found = build(gather(kept.store, Scope()), known, sorted(known.vendors), ["netmon", "selftest"])
        stored = _stored(kept.store)
    checks = checks_of(["netmon", "selftest"], [str(CAPTURE)])
    pages = {code: render(found, Language(code), known.locations, checks) for code in LANGUAGES}
    return {
        "engine": {name: source.stats()[name] for name in _COUNTED},
        "signatures": {
            "sha256": known.sha256,
            **{vendor: sum(rule.vendor == vendor for rule in known.rules) for vendor in known.vendors},
        },
        "events": dict(sorted(_event(json.loads(line)) for line in lines.getvalue().splitlines())),
        "metrics": dict(
            _metric(line) for line in encode(metrics.registry).decode().splitlines() if _is_told(line)
        ),
        "store": stored,
        "report": {
            "findings": len(found.findings),
            "rows": len(found.rows),
            **{f"page in {code} with a map": "<svg" in page for code, page in pages.items()},
        },
        "summary": {"sentence": summary.sentence()},
    }


def _event(event: Mapping[str, Any]) -> tuple[str, object]:
    """A flow, and what was said about it."""
    source, destination, own = event["source"], event["destination"], event["netmon"]
    name = destination.get("domain", "")
    key = f"{source['ip']}:{source['port']} to {destination['ip']}:{destination['port']} {name}".rstrip()
    said = (
        own.get("component"),
        own.get("place", {}).get("location"),
        own.get("verdict"),
        own.get("reason"),
        own.get("severity"),
    )
    counted = f"{source['bytes']} bytes sent, {destination['bytes']} received"
    return key, ", ".join([*(str(one) for one in said if one is not None), counted])


def _is_told(line: str) -> bool:
    return line.startswith(_METRICS) and not line.endswith(" 0.0")


def _metric(line: str) -> tuple[str, object]:
    series, value = line.rsplit(" ", 1)
    return series, float(value)


def _stored(store: Reader) -> dict[str, object]:
    history = read_history(store, Scope(), "component")
    return {
        ", ".join(text for text in row.texts.values() if text): (
            f"{row.totals.flows} flows, {row.findings} findings, {row.undecided} undecided"
        )
        for row in history.rows
    }
