"""What netmon sees in a capture, as facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dns.rdatatype import RdataType

from netmon._engine import Matcher
from netmon.records import DnsRecord, FlowRecord
from netmon.sources import Batch
from netmon.sources.files import FileSource, Progress
from netmon.verify.compare import Comparison
from netmon.verify.facts import (
    Ends,
    Fact,
    Message,
    certificate_fact,
    flow_fact,
    hello_fact,
    message_facts,
    name_fact,
    turned,
)

TRANSPORT_OF = {"tcp": "tcp", "quic": "udp", "gquic": "udp", "dtls": "udp"}
"""Which transport carries a name's protocol."""


_UNFINISHED = "the hello is not whole in the file; the name stands in its beginning"


def open_file(path: str, progress: Progress | None = None) -> FileSource:
    """A capture whose every flow and every DNS message is reported, whosever it is."""
    # tshark counts a packet that a capture holds twice as two.
    limits = {"duplicate_window_ms": 0}
    return FileSource([path], Matcher([], [], []), every_flow=True, limits=limits, progress=progress)


class Own:
    """Takes netmon's records in and tells them as facts, once tshark's are known."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._named: list[tuple[FlowRecord, Ends]] = []
        self._counts: dict[tuple[str, Ends], list[int]] = {}
        self._times: dict[tuple[str, Ends], tuple[int, int]] = {}

    def take(self, batches: Iterable[Batch]) -> None:
        """Takes all of a capture's records in; raises what the source raises."""
        for batch in batches:
            for flow in batch.flows:
                self._take_flow(flow)
            for record in batch.dns:
                for fact in message_facts(_message(record)):
                    self._comparison.found[fact] += 1
                    self._comparison.times_ns.setdefault(fact, (record.time_ns, record.time_ns))

    def _take_flow(self, flow: FlowRecord) -> None:
        ends = (flow.client, flow.client_port, flow.server, flow.server_port)
        is_certified = flow.certificate_issuer is not None
        if flow.server_name or flow.tls_versions or flow.evidence == "http_host" or is_certified:
            self._named.append((flow, ends))
        key = (flow.transport, ends)
        forth = (flow.sent_packets, flow.sent_bytes, flow.received_packets, flow.received_bytes)
        if (flow.transport, turned(ends)) in self._counts:
            key, forth = (flow.transport, turned(ends)), forth[2:] + forth[:2]
        sums = self._counts.setdefault(key, [0, 0, 0, 0])
        for index, value in enumerate(forth):
            sums[index] += value
        first_ns, last_ns = self._times.get(key, (flow.start_ns, flow.last_ns))
        self._times[key] = min(first_ns, flow.start_ns), max(last_ns, flow.last_ns)

    def tell(self, *, flows_of_both: bool = False) -> None:
        """Adds the facts: a flow in tshark's direction, a name over UDP by the protocol that tshark gives it.

        With `flows_of_both` only flows that tshark tells of are added.
        """
        comparison = self._comparison
        over_udp = {
            (fact.ends, fact.text): fact.over
            for fact in comparison.expected
            if TRANSPORT_OF.get(fact.over) == "udp"
        }
        for flow, ends in self._named:
            name = flow.server_name or ""
            over = "tcp" if flow.transport == "tcp" else over_udp.get((ends, name.lower()), "quic")
            facts = [name_fact(over, ends, name)] if name else []
            if flow.tls_versions:
                over = _hello_over(flow)
                facts.append(hello_fact(over, ends, flow.alpn, is_ech=flow.ech is not None))
            facts += _stated_facts(flow, ends)
            for fact in facts:
                comparison.found[fact] = 1
                comparison.times_ns.setdefault(fact, (flow.start_ns, flow.last_ns))
                if "gap" in flow.view or "cut" in flow.view:
                    comparison.notes[fact] = _UNFINISHED
        told = {
            (fact.text.partition(" ")[0], fact.ends) for fact in comparison.expected if fact.over == "flow"
        }
        for key, (sent, sent_bytes, received, received_bytes) in self._counts.items():
            transport, ends = key
            forth, back = (sent, sent_bytes), (received, received_bytes)
            if (transport, turned(ends)) in told:
                ends, forth, back = turned(ends), back, forth
            elif key not in told and flows_of_both:
                continue
            if ends == turned(ends):  # it talks to itself, which has one direction
                forth, back = (forth[0] + back[0], forth[1] + back[1]), (0, 0)
            fact = flow_fact(transport, ends, forth, back)
            comparison.found[fact] = 1
            comparison.times_ns[fact] = self._times[key]


def _stated_facts(flow: FlowRecord, ends: Ends) -> Iterator[Fact]:
    """The host that names a flow, and the certificate that was read of it."""
    if flow.evidence == "http_host":
        yield name_fact("http", ends, flow.name or "")
    if flow.certificate_issuer is not None:
        what = flow.certificate_subject, flow.certificate_issuer, flow.certificate_names
        yield certificate_fact(ends, *what)


def _hello_over(flow: FlowRecord) -> str:
    if flow.tls_versions[0].startswith("dtls"):
        return "dtls"
    return "tcp" if flow.transport == "tcp" else "quic"


def _message(record: DnsRecord) -> Message:
    ends = (record.source, record.source_port, record.destination, record.destination_port)
    return Message(
        record.kind,
        record.transport,
        ends,
        record.message_id,
        record.response,
        record.opcode,
        record.rcode & 15,  # tshark's is without the bits of EDNS
        record.truncated,
        ((name, RdataType.from_text(rtype)) for name, rtype in record.questions),
        _answers(record),
    )


def _answers(record: DnsRecord) -> Iterator[tuple[str, int, int, str]]:
    for name, rtype, ttl_s, data in record.answers:
        text = _service_data(data) if rtype in ("SVCB", "HTTPS") else data
        yield name, ttl_s, RdataType.from_text(rtype), text


def _service_data(data: str) -> str:
    """Target, hints and `ech` of an HTTPS or SVCB record in presentation form (RFC 9460, 2.1)."""
    _priority, target, *parameters = data.split()
    values = [parameter.partition("=") for parameter in parameters]
    hints = [hint for key, _is, value in values if key.endswith("hint") for hint in value.split(",")]
    return " ".join([target, *sorted(hints), *(key for key, _is, _value in values if key == "ech")])
