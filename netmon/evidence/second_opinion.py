"""Wireshark's opinion on an evidence file: names, addresses and bytes, and the time of each packet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from netmon.errors import OutputError, SourceError
from netmon.evidence.reproduction import read_document
from netmon.outputs.ecs import timestamp
from netmon.verify.frames import time_ns
from netmon.verify.second_opinion import Opinion, get_opinion
from netmon.verify.tshark import Tshark

_FIELDS = ("frame.number", "frame.time_epoch")


class Confirmation(NamedTuple):
    """What tshark reads differently, one line each; if nothing, what it confirms."""

    problems: list[str]
    confirmed: str = ""


def confirm(file: Path) -> Confirmation:
    """Lets tshark read the capture of this document. Raises NetmonError."""
    try:
        document = read_document(file)
    except OutputError as error:
        return Confirmation([str(error)])
    capture = str(file.parent / Path(document["capture"]["file"]).name)
    try:
        opinion = get_opinion(capture, lambda _step, _done, _total: None)
    except SourceError as error:
        return Confirmation([str(error)])
    where = " (the name in the bytes of one side alone, behind another header)" if opinion.behind else ""
    problems = [*opinion.problems, *_differences(opinion), *_other_times(capture, document)]
    return Confirmation(problems, f"names, addresses, times and bytes{where}")


def _differences(opinion: Opinion) -> Iterator[str]:
    for one in opinion.differences:
        theirs, ours = (", ".join(texts) or "nothing" for texts in (one.wireshark, one.netmon))
        source, port, destination, other_port = one.endpoints
        where = f"{one.over} {source}:{port} to {destination}:{other_port}"
        yield f"{where}: Wireshark reads {theirs}, and netmon {ours}" + (f" ({one.note})" if one.note else "")


def _other_times(capture: str, document: Mapping[str, Any]) -> Iterator[str]:
    with closing(Tshark().rows(capture, _FIELDS)) as rows:
        times = [timestamp(time_ns(row)) for row in rows]
    said = [packet["time"] for packet in document["packets"]]
    if times != said:
        yield f"the times of the packets: Wireshark reads {times}, and the document has {said}"
