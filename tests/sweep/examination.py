"""One capture, read by netmon and by tshark."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from netmon.errors import SourceError, VerifyError
from netmon.records import FlowRecord
from netmon.sources import Batch
from netmon.verify.compare import Comparison
from netmon.verify.netmon_facts import NetmonFacts, open_file
from netmon.verify.second_opinion import get_opinion
from netmon.verify.show import as_json
from tests.floods import resident_bytes
from tests.sweep.captures import Capture

Endpoints = tuple[str, int, str, int]


@dataclass(frozen=True)
class Result:
    """What both programs read in a capture."""

    sha256: str
    path: str
    size: int
    digest: str = ""  # of netmon's facts, which tells whether an opinion is still valid
    cpu_s: float = 0.0
    memory_mb: float = 0.0  # by which the peak of the process grew
    packets: int = 0
    undecoded: dict[str, int] = field(default_factory=dict)  # packets by layer and reason
    problems: tuple[str, ...] = ()  # how the file is cut or damaged
    refused: str | None = None  # netmon's error
    failure: str | None = None  # a crash, or a time-out
    tshark: str | None = None  # its version, or its error; None: it was not asked
    equal: dict[str, int] = field(default_factory=dict)  # facts that both read, by protocol
    left_out: int = 0  # facts that are not compared
    differences: tuple[dict[str, Any], ...] = ()

    @property
    def is_compared(self) -> bool:
        """Whether tshark has read the capture."""
        return self.tshark is not None and self.tshark[:1].isdigit()


def examine(capture: Capture, known: Result | None) -> Result:
    """What both programs read. tshark is not asked if netmon reads the facts of a known result."""
    result, flows = _read(capture)
    if known is not None and known.is_compared and known.digest == result.digest:
        return replace(
            result,
            tshark=known.tshark,
            equal=known.equal,
            left_out=known.left_out,
            differences=known.differences,
        )
    try:
        opinion = as_json(get_opinion(str(capture.path), lambda _step, _done, _total: None))
    except SourceError:
        return replace(result, tshark="not asked")
    except VerifyError as error:
        return replace(result, tshark=str(error))
    differences = tuple(difference | _seen(difference, flows) for difference in opinion["differences"])
    return replace(
        result,
        tshark=opinion["tshark"],
        equal=opinion["equal"],
        left_out=opinion["left_out"],
        differences=differences,
    )


def _read(capture: Capture) -> tuple[Result, dict[Endpoints, FlowRecord]]:
    """What netmon reads, and its flows by their endpoints."""
    result = Result(capture.sha256, str(capture.path), capture.size)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before, start_s = resident_bytes("VmHWM"), time.process_time()
    flows: dict[Endpoints, FlowRecord] = {}
    comparison = Comparison(str(capture.path))
    facts = NetmonFacts(comparison)
    try:
        source = open_file(str(capture.path))
        facts.read(_noting(source.batches(), flows))
        facts.add()
    except SourceError as error:
        return replace(result, refused=str(error)), flows
    stats = source.stats()
    result = replace(
        result,
        digest=_digest(comparison),
        cpu_s=round(time.process_time() - start_s, 3),
        memory_mb=round((resident_bytes("VmHWM") - before) / 2**20, 1),
        packets=stats["packets"],
        undecoded={" ".join(reason): count for reason, count in stats["rejected"].items() if count},
        problems=tuple(source.problems),
    )
    return result, flows


def _noting(batches: Iterable[Batch], flows: dict[Endpoints, FlowRecord]) -> Iterator[Batch]:
    """The batches, whose flows are noted by their endpoints."""
    for batch in batches:
        for flow in batch.flows:
            flows[flow.client, flow.client_port, flow.server, flow.server_port] = flow
        yield batch


def _digest(comparison: Comparison) -> str:
    """A number for what netmon reads, as far as it is compared."""
    facts = "\n".join(sorted(f"{count} {fact!r}" for fact, count in comparison.found.items()))
    return hashlib.sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()


def _seen(difference: dict[str, Any], flows: dict[Endpoints, FlowRecord]) -> dict[str, str]:
    """What netmon reports about the flow in which a difference is: the beginning of an explanation."""
    source, destination = (
        (difference[side]["ip"], difference[side]["port"]) for side in ("source", "destination")
    )
    flow = flows.get((*source, *destination)) or flows.get((*destination, *source))
    if flow is None:
        return {"seen": "no flow"}
    return {"seen": " ".join([flow.reason or flow.evidence, *sorted(flow.view)])}
