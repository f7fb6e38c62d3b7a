"""What netmon reads in a capture, as facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dns.rdatatype import RdataType

from netmon._engine import Matcher
from netmon.records import DnsRecord, FlowRecord
from netmon.sources import Batch
from netmon.sources.files import FileSource
from netmon.verify.compare import Comparison
from netmon.verify.facts import (
    Endpoints,
    Fact,
    Message,
    certificate_fact,
    flow_fact,
    hello_fact,
    message_facts,
    name_fact,
    reverse,
)

TRANSPORT_OF = {"tcp": "tcp", "quic": "udp", "gquic": "udp", "dtls": "udp"}
"""The transport of each protocol that carries a server name."""

_INCOMPLETE_HELLO = "the ClientHello is incomplete in the file; the name is in its first part"


def open_file(path: str) -> FileSource:
    """A capture of which every flow and every DNS message is reported, whether it matches a vendor or not."""
    # tshark does not remove duplicates, so netmon must not either.
    limits = {"duplicate_window_ms": 0}
    return FileSource([path], Matcher([], [], []), every_flow=True, limits=limits)


class NetmonFacts:
    """Reads netmon's records, and adds them as facts once those of tshark are known."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._named: list[tuple[FlowRecord, Endpoints]] = []
        self._counts: dict[tuple[str, Endpoints], list[int]] = {}
        self._times: dict[tuple[str, Endpoints], tuple[int, int]] = {}
        # DNS messages of which IP fragments are missing. tshark shows only those whose fragments were cut.
        self._beginnings: list[DnsRecord] = []

    def read(self, batches: Iterable[Batch]) -> None:
        """Reads all records of a capture. Raises what the source raises."""
        for batch in batches:
            for flow in batch.flows:
                self._add_flow(flow)
            for record in batch.dns:
                if record.damage == "fragment":
                    self._beginnings.append(record)
                else:
                    self._add_message(record)

    def _add_message(self, record: DnsRecord) -> None:
        for fact in message_facts(_message(record)):
            self._comparison.found[fact] += 1
            self._comparison.times_ns.setdefault(fact, (record.time_ns, record.time_ns))

    def _add_flow(self, flow: FlowRecord) -> None:
        endpoints = (flow.client, flow.client_port, flow.server, flow.server_port)
        has_certificate = flow.certificate_issuer is not None
        if flow.server_name or flow.tls_versions or flow.evidence == "http_host" or has_certificate:
            self._named.append((flow, endpoints))
        key = (flow.transport, endpoints)
        counts = (flow.sent_packets, flow.sent_bytes, flow.received_packets, flow.received_bytes)
        if (flow.transport, reverse(endpoints)) in self._counts:
            key, counts = (flow.transport, reverse(endpoints)), counts[2:] + counts[:2]
        sums = self._counts.setdefault(key, [0, 0, 0, 0])
        for index, value in enumerate(counts):
            sums[index] += value
        first_ns, last_ns = self._times.get(key, (flow.start_ns, flow.last_ns))
        self._times[key] = min(first_ns, flow.start_ns), max(last_ns, flow.last_ns)

    def add(self, *, flows_of_both: bool = False) -> None:
        """Adds the facts: flows in tshark's direction, names over UDP under the protocol that tshark reports.

        With `flows_of_both`, only the flows that tshark reads are added.
        """
        for record in self._beginnings:
            if not self._comparison.expected.keys().isdisjoint(message_facts(_message(record))):
                self._add_message(record)
        self._add_names()
        self._add_flows(flows_of_both=flows_of_both)

    def _add_names(self) -> None:
        comparison = self._comparison
        over_udp = {
            (fact.endpoints, fact.text): fact.over
            for fact in comparison.expected
            if TRANSPORT_OF.get(fact.over) == "udp"
        }
        for flow, endpoints in self._named:
            name = flow.server_name or ""
            hello_over = _hello_over(flow)
            over = "tcp" if flow.transport == "tcp" else over_udp.get((endpoints, name.lower()), hello_over)
            facts = [name_fact(over, endpoints, name)] if name else []
            if flow.tls_versions:
                facts.append(hello_fact(hello_over, endpoints, flow.alpn, is_ech=flow.ech is not None))
            facts += _other_name_facts(flow, endpoints)
            for fact in facts:
                comparison.found[fact] = 1
                comparison.times_ns.setdefault(fact, (flow.start_ns, flow.last_ns))
                if "gap" in flow.view or "cut" in flow.view:
                    comparison.notes[fact] = _INCOMPLETE_HELLO

    def _add_flows(self, *, flows_of_both: bool) -> None:
        comparison = self._comparison
        known = {
            (fact.text.partition(" ")[0], fact.endpoints)
            for fact in comparison.expected
            if fact.over == "flow"
        }
        for key, (sent, sent_bytes, received, received_bytes) in self._counts.items():
            transport, endpoints = key
            forward, backward = (sent, sent_bytes), (received, received_bytes)
            if (transport, reverse(endpoints)) in known:
                endpoints, forward, backward = reverse(endpoints), backward, forward
            elif key not in known and flows_of_both:
                continue
            if endpoints == reverse(endpoints):  # both endpoints are the same, so there is one direction
                forward, backward = (forward[0] + backward[0], forward[1] + backward[1]), (0, 0)
            fact = flow_fact(transport, endpoints, forward, backward)
            comparison.found[fact] = 1
            comparison.times_ns[fact] = self._times[key]


def _other_name_facts(flow: FlowRecord, endpoints: Endpoints) -> Iterator[Fact]:
    """The host of a request that names the flow, and the certificate of its server."""
    if flow.evidence == "http_host":
        yield name_fact("http", endpoints, flow.name or "")
    if flow.certificate_issuer is not None:
        what = flow.certificate_subject, flow.certificate_issuer, flow.certificate_names
        yield certificate_fact(endpoints, *what)


def _hello_over(flow: FlowRecord) -> str:
    if flow.tls_versions and flow.tls_versions[0].startswith("dtls"):
        return "dtls"
    return "tcp" if flow.transport == "tcp" else "quic"


def _message(record: DnsRecord) -> Message:
    endpoints = (record.source, record.source_port, record.destination, record.destination_port)
    return Message(
        record.kind,
        record.transport,
        endpoints,
        record.message_id,
        record.response,
        record.opcode,
        record.rcode & 15,  # tshark leaves out the upper bits, which are in the OPT record
        record.truncated,
        ((name, RdataType.from_text(rtype)) for name, rtype in record.questions),
        _answers(record),
    )


def _answers(record: DnsRecord) -> Iterator[tuple[str, int, int, str]]:
    for name, rtype, ttl_s, data in record.answers:
        text = _service_data(data) if rtype in ("SVCB", "HTTPS") else data
        yield name, ttl_s, RdataType.from_text(rtype), text


def _service_data(data: str) -> str:
    """Target, hints and `ech` of an HTTPS or SVCB record in presentation format (RFC 9460, section 2.1)."""
    _priority, target, *parameters = data.split()
    values = [parameter.partition("=") for parameter in parameters]
    hints = [hint for key, _is, value in values if key.endswith("hint") for hint in value.split(",")]
    return " ".join([target, *sorted(hints), *(key for key, _is, _value in values if key == "ech")])
