"""Wireshark's opinion on an evidence file: names, addresses and bytes, and the time of each packet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from netmon.errors import OutputError
from netmon.evidence.reproduction import read_document
from netmon.outputs.ecs import timestamp
from netmon.verify.frames import time_ns
from netmon.verify.second_opinion import get_opinion
from netmon.verify.tshark import Tshark

_FIELDS = ("frame.number", "frame.time_epoch")


def differences(file: Path) -> Iterator[str]:
    """What tshark reads differently in the capture of this document, one line each. Raises NetmonError."""
    try:
        document = read_document(file)
    except OutputError as error:
        yield str(error)
        return
    capture = str(file.parent / Path(document["capture"]["file"]).name)
    opinion = get_opinion(capture, lambda _step, _done, _total: None)
    yield from opinion.problems
    for one in opinion.differences:
        theirs, ours = (", ".join(texts) or "nothing" for texts in (one.wireshark, one.netmon))
        source, port, destination, other_port = one.endpoints
        where = f"{one.over} {source}:{port} to {destination}:{other_port}"
        yield f"{where}: Wireshark reads {theirs}, and netmon {ours}" + (f" ({one.note})" if one.note else "")
    with closing(Tshark().rows(capture, _FIELDS)) as rows:
        times = [timestamp(time_ns(row)) for row in rows]
    said = [packet["time"] for packet in document["packets"]]
    if times != said:
        yield f"the times of the packets: Wireshark reads {times}, and the document has {said}"
