"""Events: one ECS object per line (https://www.elastic.co/guide/en/ecs/current/).

Fields that ECS does not define are under `netmon`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Protocol

from netmon.outputs.community_id import community_id
from netmon.outputs.json_line import json_line
from netmon.outputs.observer import Observer
from netmon.privacy import ADDRESS, Privacy
from netmon.records import (
    ClassifiedFlow,
    DnsRecord,
    FlowRecord,
    Phase,
    Place,
    RoundTrip,
    Severity,
    Verdict,
    Vote,
)
from netmon.signatures.model import Location

ECS_VERSION = "9.0.0"

_SEVERITIES: Mapping[Severity, int] = {"notice": 21, "warning": 47, "critical": 99}
"""ECS leaves the meaning of `event.severity` to the source: these are Elastic's low, medium and critical."""

_PHASES: Mapping[Phase, str] = {"open": "start", "update": "info", "end": "end"}
"""The type of an event in ECS, by the phase of the flow."""

_RCODES = {
    0: "NOERROR",
    1: "FORMERR",
    2: "SERVFAIL",
    3: "NXDOMAIN",
    4: "NOTIMP",
    5: "REFUSED",
    6: "YXDOMAIN",
    7: "YXRRSET",
    8: "NXRRSET",
    9: "NOTAUTH",
    10: "NOTZONE",
    16: "BADVERS",
    23: "BADCOOKIE",
}
_OPCODES = {0: "QUERY", 1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE", 6: "DSO"}


class Stream(Protocol):
    """A text stream that events are written to."""

    def write(self, line: str, /) -> object:
        """Writes a line, which ends in a newline; may buffer it."""
        ...

    def flush(self) -> None:
        """Writes all buffered lines."""
        ...


class Events:
    """Writes JSON lines to a text stream. The same records give the same bytes.

    `locations` provide the coordinates of places, and may be replaced when signatures are reloaded.
    """

    def __init__(
        self,
        stream: Stream,
        privacy: Privacy,
        locations: Mapping[str, Location],
        observer: Observer | None = None,
        *,
        with_updates: bool = False,
    ) -> None:
        """`with_updates`: also the reports between a flow's start and its end."""
        self._stream = stream
        self._privacy = privacy
        self.locations = locations
        self._observer = observer or Observer()
        self._with_updates = with_updates
        self._dns_messages = 0

    def flow(self, classified: ClassifiedFlow) -> None:
        """Writes an event when a flow is tagged and when it ends."""
        flow = classified.flow
        if flow.phase == "update" and not self._with_updates:
            return
        is_over = flow.phase == "end"
        event = {
            "@timestamp": timestamp(flow.last_ns),
            "ecs": {"version": ECS_VERSION},
            "event": {
                "kind": "alert" if classified.verdict and classified.verdict.is_alarm else "event",
                "severity": _severity(classified.verdict),
                "category": ["network"],
                "type": ["connection", _PHASES[flow.phase]],
                "dataset": "netmon.flow",
                "start": timestamp(flow.start_ns),
                "end": timestamp(flow.last_ns) if is_over else None,
                "duration": flow.last_ns - flow.start_ns if is_over else None,
            },
            "network": self._network(flow),
            "source": self._client(flow.client, flow.start_ns, flow.client_port)
            | self._machine(flow)
            | {"bytes": flow.sent_bytes, "packets": flow.sent_packets},
            "destination": {
                "ip": flow.server,
                "port": flow.server_port,
                "bytes": flow.received_bytes,
                "packets": flow.received_packets,
                "domain": flow.name,
                "geo": self._geo(classified.place),
            },
            "tls": _tls(flow),
            "netmon": {"client": self._withheld(flow)} | _meaning(classified, self._answerer(flow)),
        }
        self._write(event, flow.interface, flow.flow_id, flow.phase, flow.last_ns)

    def dns(self, record: DnsRecord) -> None:
        """Writes the event of a DNS message.

        mDNS and LLMNR contain the names of people's devices, so they are written only if addresses are.
        """
        if record.kind != "dns" and self._privacy.level != ADDRESS:
            return
        source = {"ip": record.source, "port": record.source_port}
        destination = {"ip": record.destination, "port": record.destination_port}
        if record.response:
            destination = self._client(record.destination, record.time_ns, record.destination_port)
        else:
            source = self._client(record.source, record.time_ns, record.source_port)
        code = _RCODES.get(record.rcode, str(record.rcode))
        questions = [{"name": name, "type": kind} for name, kind in record.questions]
        answers = [
            {"name": name, "type": kind, "ttl": ttl, "data": data} for name, kind, ttl, data in record.answers
        ]
        more = {
            "questions": questions if len(questions) > 1 else None,
            "damage": record.damage,
            "vni": record.vni,
        }
        event = {
            "@timestamp": timestamp(record.time_ns),
            "ecs": {"version": ECS_VERSION},
            "event": {
                "kind": "event",
                "category": ["network"],
                "type": ["protocol", "info"],
                "dataset": "netmon.dns",
            },
            "network": {"transport": record.transport, "protocol": record.kind, **_vlans(record)},
            "source": source or None,
            "destination": destination or None,
            "dns": {
                "type": "answer" if record.response else "query",
                "id": str(record.message_id),
                "op_code": _OPCODES.get(record.opcode, str(record.opcode)),
                "response_code": code if record.response else None,
                "header_flags": ["TC"] if record.truncated else None,
                "question": questions[0] if questions else None,
                "answers": answers or None,
            },
            "netmon": without_nulls(more),
        }
        self._write(event, record.interface, self._dns_messages)
        self._dns_messages += 1

    def flush(self) -> None:
        """Flushes the stream."""
        self._stream.flush()

    def _write(self, event: dict[str, Any], interface: str | None, *what: object) -> None:
        self._stream.write(json_line(without_nulls(self._observer.sign(event, interface, *what))))

    def _network(self, flow: FlowRecord) -> dict[str, Any]:
        ends = (flow.client, flow.client_port, flow.server, flow.server_port)
        return {
            "transport": flow.transport,
            "type": f"ipv{ipaddress.ip_address(flow.server).version}",
            "bytes": flow.sent_bytes + flow.received_bytes,
            "packets": flow.sent_packets + flow.received_packets,
            **_vlans(flow),
            # The client's address can be derived from the identifier, so both are shown or neither.
            "community_id": community_id(flow.transport, *ends) if self._privacy.level == ADDRESS else None,
        }

    def _client(self, address: str, when_ns: int, port: int) -> dict[str, Any]:
        shown = self._privacy.show(address, when_ns)
        if self._privacy.level == ADDRESS:
            return {"ip": shown, "port": port}
        return {} if shown is None else {"address": shown, "port": port}

    def _machine(self, flow: FlowRecord) -> dict[str, Any]:
        """The client's machine, which identifies its user as an address does."""
        if self._privacy.level != ADDRESS:
            return {}
        return {"mac": flow.client_mac, "domain": flow.client_host}

    def _withheld(self, flow: FlowRecord) -> dict[str, Any] | None:
        """Why the machine has no hardware address, if frames show one that is not its own."""
        if self._privacy.level != ADDRESS or flow.client_mac_withheld is None:
            return None
        return {"mac_withheld": flow.client_mac_withheld}

    def _answerer(self, flow: FlowRecord) -> str | None:
        """Who sent the DNS answer; the flow's own client, if it is a resolver too, is shown as a client."""
        if flow.answered_by == flow.client:
            return self._privacy.show(flow.client, flow.start_ns)
        return flow.answered_by

    def _geo(self, place: Place | None) -> dict[str, Any] | None:
        if place is None or place.confidence in ("unknown", "disputed"):
            return None
        location = self.locations.get(place.location)
        point = {"lat": location.latitude, "lon": location.longitude} if location else None
        return {"country_iso_code": place.country, "city_name": place.city, "location": point}


def timestamp(time_ns: int) -> str:
    """A time as RFC 3339 in UTC with microseconds; times after the year 9999 are given as its last second."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(min(seconds, 253_402_300_799), UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"


def _tls(flow: FlowRecord) -> dict[str, Any] | None:
    client = {"server_name": flow.server_name} if flow.server_name else None
    certificate = {
        "subject": {"common_name": [flow.certificate_subject]} if flow.certificate_subject else None,
        "issuer": {"distinguished_name": flow.certificate_issuer},
        "alternative_names": list(flow.certificate_names) or None,
    }
    server = {"x509": certificate} if flow.certificate_issuer is not None else None
    return {"client": client, "server": server} if client or server else None


def _severity(verdict: Verdict | None) -> int | None:
    return _SEVERITIES[verdict.severity] if verdict and verdict.severity else None


def _meaning(classified: ClassifiedFlow, answered_by: str | None) -> dict[str, Any]:
    flow, place = classified.flow, classified.place
    return {
        "flow_id": flow.flow_id,
        "continues": flow.continues,
        "phase": flow.phase,
        "end_reason": flow.end_reason,
        "contact": flow.contact,
        "embedded_ip": flow.embedded,
        "vni": flow.vni,
        "vendor": classified.vendor,
        "component": classified.component,
        "signature_status": classified.status,
        "evidence": flow.evidence,
        "unnamed_reason": flow.reason,
        "candidates": list(flow.candidates) or None,
        "ambiguous": flow.ambiguous or None,
        "grounds": flow.grounds if flow.grounds != "own" else None,
        "matched": flow.matched if flow.matched != flow.name else None,
        "signature": classified.signature,
        "first_packet": flow.first_packet,
        "shown": _sighting(flow.shown_packet, flow.shown_ns),
        "dns_answer": _dns_answer(flow, answered_by),
        "alpn": list(flow.alpn) or None,
        "tls_versions": list(flow.tls_versions) or None,
        "ech": flow.ech,
        "encrypted_dns": flow.encrypted_dns,
        "resolver": classified.resolver,
        "finding": "fallback_resolver" if classified.fallbacks else None,
        "fallback": [asdict(one) for one in classified.fallbacks] or None,
        "ja4": flow.ja4,
        "rtt_min_ms": _milliseconds(flow.rtt_ns),
        "answer_rtt_ms": _milliseconds(flow.answer_rtt_ns),
        "interception": flow.interception if flow.interception == "suspected" else None,
        "view": list(flow.view) or None,
        "unseen_bytes": flow.unseen_bytes or None,
        "duplicate_packets": flow.duplicates or None,
        **_judgement(classified.verdict),
        "place": describe_place(place) if place else None,
        "new_destination": list(classified.new_destination) or None,
        "edge": {"holder": classified.edge, "origin": "not seen"} if classified.edge else None,
        **_statement(classified),
    }


def _sighting(packet: int | None, time_ns: int | None) -> dict[str, Any] | None:
    """The packet that shows something: its number in the capture file, and its time."""
    return None if time_ns is None else {"packet": packet, "time": timestamp(time_ns)}


def _vlans(record: FlowRecord | DnsRecord) -> dict[str, Any]:
    """The VLANs by which a flow or the client of a look-up is told apart."""
    outer, inner = record.vlan, record.inner_vlan
    return {
        "vlan": {"id": str(outer)} if outer else None,
        "inner": {"vlan": {"id": str(inner)}} if inner else None,
    }


def _dns_answer(flow: FlowRecord, answered_by: str | None) -> dict[str, Any] | None:
    """The DNS answer with the flow's name and address; "resolved" if the site asked for it."""
    seen = _sighting(flow.answer_packet, flow.answer_ns)
    return None if seen is None else {**seen, "from": answered_by, "resolved": flow.resolved}


def _statement(classified: ClassifiedFlow) -> dict[str, Any]:
    """The standing for each country of concern; for a flow that does not count, why it does not."""
    if not classified.concerns:
        return {}
    if classified.uncounted is not None:
        return {"concerns_uncounted": classified.uncounted}
    return {"concerns": [asdict(one) for one in classified.concerns]}


def _judgement(verdict: Verdict | None) -> dict[str, Any]:
    if verdict is None:
        return {}
    return {
        "verdict": verdict.outcome,
        "reason": verdict.reason,
        "row": verdict.row,
        "severity": verdict.severity,
        "lacks": verdict.lacks,
        "explanation": verdict.explanation,
        "promise": verdict.promise,
        "exception": _exception(verdict),
    }


def _exception(verdict: Verdict) -> dict[str, Any] | None:
    """What policy exceptions lifted, and until when; not its network, which may be a single client."""
    if verdict.lifts is None:
        return None
    return {"lifts": verdict.lifts, "until": verdict.until}


def describe_place(place: Place) -> dict[str, Any]:
    """A place with all its evidence, as a JSON object; absent values are None."""
    return {
        "location": place.location,
        "country": place.country,
        "confidence": place.confidence,
        "votes": [_vote(vote) for vote in place.votes],
        "steps": list(place.steps),
        "claims": (list(place.claims) or None) if place.confidence == "disputed" else None,
        "excluded": list(place.excluded) or None,
        "not_in": list(place.not_in) or None,
        "implausible": list(place.implausible) or None,
        "rtt_ms": _milliseconds(place.round_trip.min_ns) if place.round_trip else None,
        **_remembered(place.remembered),
    }


def _remembered(trip: RoundTrip | None) -> dict[str, Any]:
    if trip is None:
        return {}
    return {
        "rtt_min_ms": _milliseconds(trip.min_ns),
        "rtt_min_seen": timestamp(trip.seen_ns),
        "rtt_samples": trip.samples,
        "rtt_jumped_from_ms": _milliseconds(trip.jumped_from.min_ns) if trip.jumped_from else None,
    }


def _milliseconds(time_ns: int | None) -> float | None:
    return None if time_ns is None else round(time_ns / 1e6, 3)


def _vote(vote: Vote) -> dict[str, Any]:
    return {
        "source": vote.source,
        "provider": vote.provider or None,
        "country": vote.country,
        "city": vote.city,
        "about": vote.about,
        "date": vote.date,
        "network": vote.prefix,
        "note": vote.note,
        "contradicts": vote.contradicts or None,
    }


def without_nulls(value: Any) -> Any:
    """A JSON value without the keys whose value is None, at any depth."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value
