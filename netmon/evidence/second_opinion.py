"""Wireshark's opinion on an evidence file: names, addresses and bytes, and the time of each packet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from netmon.errors import OutputError, SourceError
from netmon.evidence.reproduction import read_document
from netmon.outputs.ecs import timestamp
from netmon.verify.compare import Difference
from netmon.verify.kinds import NAMES
from netmon.verify.second_opinion import get_opinion

_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")


class Confirmation(NamedTuple):
    """Whether tshark contradicts a finding, cannot read it, or confirms it; one line each."""

    problems: list[str]  # contradictions, and files that cannot be read
    unread: tuple[str, ...] = ()
    more: tuple[str, ...] = ()  # what tshark reads in addition
    confirmed: str = ""  # if there is nothing wrong or unread


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
    where = " (the name in the bytes of one side alone)" if opinion.behind else ""
    lines: dict[str, list[str]] = {"other": [], "more": [], "unread": []}
    for one in opinion.differences:
        kind = "other" if _names_otherwise(one, document) else one.kind
        lines[kind].append(_unread(one) if kind == "unread" else _line(one))
    problems = [*opinion.problems, *lines["other"], *_other_times(opinion.times_ns, document)]
    unread, more = tuple(lines["unread"]), tuple(lines["more"])
    return Confirmation(problems, unread, more, f"names, addresses, times and bytes{where}")


def _names_otherwise(difference: Difference, document: Mapping[str, Any]) -> bool:
    """True if tshark alone reads a name of the flow, and it is not the one that the finding has."""
    flow, name = document["flow"], document["judged"]["name"]
    ends = tuple(flow[key] for key in ("client", "client_port", "server", "server_port"))
    is_of_flow = difference.kind == "more" and difference.over in NAMES and difference.endpoints == ends
    hosts = [text for text in difference.wireshark if _HOST.fullmatch(text)]
    return is_of_flow and name is not None and any(host != name for host in hosts)


def _line(one: Difference) -> str:
    theirs, ours = (", ".join(texts) or "nothing" for texts in (one.wireshark, one.netmon))
    note = f" ({one.note})" if one.note else ""
    return f"{_where(one)}: Wireshark reads {theirs}, and netmon {ours}{note}"


def _unread(one: Difference) -> str:
    why = one.note or f"it shows these packets as {one.shown}"
    return f"{_where(one)}: {', '.join(one.netmon)}: {why}"


def _where(one: Difference) -> str:
    source, port, destination, other_port = one.endpoints
    return f"{one.over} {source}:{port} to {destination}:{other_port}"


def _other_times(times_ns: Iterable[int], document: Mapping[str, Any]) -> Iterator[str]:
    times = [timestamp(one) for one in times_ns]
    said = [packet["time"] for packet in document["packets"]]
    if times != said:
        yield f"the times of the packets: Wireshark reads {times}, and the document has {said}"
