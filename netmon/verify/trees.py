"""ClientHellos, certificates, HTTP requests and DNS messages in tshark's protocol trees (PDML).

Records are plain dicts, as they are in the lines of `tests/captures/truth.jsonl`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from netmon.verify.certificate_tree import fields, read_certificate
from netmon.verify.facts import address

Record = dict[str, Any]

DISPLAY_FILTER = (
    "tls.handshake.type == 1 || dtls.handshake.type == 1 || gquic.tag.sni || dns || mdns || llmnr"
    " || (tcp && (http.request || tls.handshake.type == 11))"
)
"""Selects the packets whose trees are read."""

_PIECES = (
    "tcp.segment",
    "ip.fragment",
    "ipv6.fragment",
    "tls.segment",
    "quic.crypto.fragment",
    "tls.handshake.fragment",
    "dtls.handshake.fragment",
)
_PLAIN = re.compile(r"[A-Za-z0-9_.*-]+\Z")
_CLIENT_HELLO, _CERTIFICATE = 1, 11
_ENCRYPTED_CLIENT_HELLO, _ENCRYPTED_SERVER_NAME = 65037, 65486
_DATA_FIELDS = {1: "dns.a", 5: "dns.cname", 28: "dns.aaaa"}


@dataclass
class Found:
    """The records found in the tree of one packet."""

    frame: int = 0
    client_hellos: list[Record] = field(default_factory=list)
    gquic_chlo: list[Record] = field(default_factory=list)
    dns: list[Record] = field(default_factory=list)
    requests: list[Record] = field(default_factory=list)
    certificates: list[Record] = field(default_factory=list)


@dataclass
class _Position:
    """The reader's position in a tree: the innermost endpoints so far, and the frames of reassembled data."""

    frame: int
    time: str | None
    layers: str
    addresses: tuple[str | None, str | None] = (None, None)
    endpoints: Record = field(default_factory=dict)
    fragments: list[int] = field(default_factory=list)
    segments: list[int] = field(default_factory=list)
    over: str | None = None
    over_tls: bool = False
    quoted: bool = False

    def record(self, pieces: Sequence[int] = (), **more: Any) -> Record:
        """A record of what is found at this position."""
        record = self.endpoints | {"frame": self.frame, "ts": self.time, "layers": self.layers} | more
        numbers = sorted({*self.fragments, *self.segments, *pieces})
        if len(numbers) > 1:
            record["pieces"] = numbers  # the frames that it was reassembled from
        if self.quoted:
            record["quoted"] = True
        return record


def read_tree(packet: Element) -> Found:
    """The records in the tree of one packet."""
    position = _Position(0, None, "")
    for proto in packet:
        if proto.get("name") == "frame":
            position.frame = to_int(_first(proto, "frame.number")) or 0
            position.time = _first(proto, "frame.time_epoch")
            position.layers = _first(proto, "frame.protocols") or ""
    found = Found(position.frame)
    _walk(packet, position, found)
    return found


def to_int(text: str | None, default: int | None = None) -> int | None:
    """The number in tshark's text, which may be that of a flag."""
    try:
        return int(text or "", 0)
    except ValueError:
        return {"True": 1, "False": 0}.get(text or "", default)


def shown(node: Element, name: str) -> list[str]:
    """The values of a field, as tshark shows them."""
    return [each.get("show", "") for each in node.iter("field") if each.get("name") == name]


def _first(node: Element, name: str) -> str | None:
    return next(iter(shown(node, name)), None)


def _walk(node: Element, position: _Position, found: Found) -> None:
    """Walks the protocol tree in order and keeps track of the innermost endpoints."""
    for child in node:
        name = child.get("name", "")
        if child.tag == "proto":
            if name in ("gquic", "quic"):
                _read_quic(child, position, found)
            elif name in ("tls", "dtls"):
                _read_tls(child, name, position, found)
            elif name in ("dns", "mdns", "llmnr"):
                found.dns.append(_dns_message(child, position, name))
            elif name == "http":
                _read_http(child, position, found)
            elif name == "http2":
                _read_http2(child, position, found)
            else:
                _enter(child, name, position)
            if name in ("gquic", "tls", "dtls", "dns", "mdns", "llmnr"):
                continue
        elif name in _PIECES and (number := to_int(child.get("show"))):
            (position.fragments if name.startswith("ip") else position.segments).append(number)
        _walk(child, position, found)


def _enter(proto: Element, name: str, position: _Position) -> None:
    if name in ("ip", "ipv6"):
        source, destination = (_first(proto, f"{name}.{side}") for side in ("src", "dst"))
        position.addresses = (source and address(source), destination and address(destination))
    elif name in ("icmp", "icmpv6"):
        position.quoted = True
    elif name in ("tcp", "udp", "sctp"):
        position.endpoints = {
            "proto": name,
            "src": position.addresses[0],
            "dst": position.addresses[1],
            "sport": to_int(_first(proto, name + ".srcport")),
            "dport": to_int(_first(proto, name + ".dstport")),
            "stream": to_int(_first(proto, name + ".stream"), -1),
        }
        position.segments, position.over, position.over_tls = [], name, False


def _read_quic(proto: Element, position: _Position, found: Found) -> None:
    position.over = "quic"
    name = _first(proto, "gquic.tag.sni")
    if name is not None:  # Q050 has its CHLO in a "quic" packet
        record = position.record(over="gquic", sni=name)
        found.gquic_chlo.append({key: value for key, value in record.items() if key != "pieces"})


def _read_tls(proto: Element, name: str, position: _Position, found: Found) -> None:
    over = "dtls" if name == "dtls" else position.over
    pieces: list[int] = []
    for node in proto.iter("field"):
        if node.get("name") in _PIECES:
            pieces += filter(None, [to_int(node.get("show"))])
        elif node.get("name") == name + ".handshake":
            kinds = [
                to_int(each.get("show")) for each in node if each.get("name") == name + ".handshake.type"
            ]
            if _CLIENT_HELLO in kinds:
                found.client_hellos.append(_hello(node, name, position, over, pieces))
                pieces = []
            elif _CERTIFICATE in kinds and name == "tls":
                _read_certificate(node, proto, position, pieces, found)
    position.over_tls = True


def _read_certificate(
    node: Element, proto: Element, position: _Position, pieces: list[int], found: Found
) -> None:
    """Reads the first certificate of a list. TLS 1.3 encrypts it, in records with another type outside."""
    own = next(fields(node, "tls.handshake.certificate"), None)
    if own is not None:
        is_decrypted = _first(proto, "tls.record.opaque_type") is not None
        record = position.record(pieces, **read_certificate(own))
        found.certificates.append(record | {"decrypted": True} if is_decrypted else record)


def _read_http(proto: Element, position: _Position, found: Found) -> None:
    method = _first(proto, "http.request.method")
    if method is not None:
        uri, host = _first(proto, "http.request.uri") or "", _first(proto, "http.host")
        record = position.record(method=method, uri=uri, host=host)
        found.requests.append(record | {"decrypted": True} if position.over_tls else record)


def _read_http2(proto: Element, position: _Position, found: Found) -> None:
    authority = _first(proto, "http2.headers.authority")
    if authority is not None:
        method = _first(proto, "http2.headers.method") or ""
        record = position.record(method=method, uri=authority, host=authority)
        found.requests.append(record | {"decrypted": True} if position.over_tls else record)


def _hello(node: Element, name: str, position: _Position, over: str | None, pieces: list[int]) -> Record:
    """One ClientHello."""

    def values(what: str) -> list[str]:
        return shown(node, f"{name}.handshake.{what}") or shown(node, f"tls.handshake.{what}")

    extensions = [to_int(text) for text in values("extension.type")]
    names = values("extensions_server_name")
    record = position.record(
        pieces,
        over=over,
        sni=names[0] if names else "" if 0 in extensions else None,
        alpn=shown(node, "tls.handshake.extensions_alpn_str"),
        length=to_int(_first(node, f"{name}.handshake.length"), 0),
    )
    part = to_int(_first(node, f"{name}.handshake.fragment_length"), record["length"])
    if part != record["length"] and not pieces:
        record["is_fragment"] = True  # of DTLS; tshark puts only some together
    if _ENCRYPTED_CLIENT_HELLO in extensions:
        record["ech"] = True
    if _ENCRYPTED_SERVER_NAME in extensions:
        record["esni"] = True
    if len(names) > 1:
        record["more_names"] = names[1:]
    return record


def _dns_message(node: Element, position: _Position, kind: str) -> Record:
    """One DNS message."""
    # the flags of mDNS and LLMNR are under dns.flags as well
    flags = next((each for each in node.iter("field") if each.get("name") == "dns.flags"), None)

    def flag(name: str) -> int | None:
        return None if flags is None else to_int(_first(flags, f"dns.flags.{name}"))

    record = position.record(
        kind=kind,
        id=to_int(_first(node, "dns.id")),
        response=flag("response"),
        opcode=flag("opcode"),
        rcode=flag("rcode"),
        tc=flag("truncated"),
        queries=[],
        answers=[],
        counts=[
            to_int(_first(node, f"dns.count.{part}"), 0)
            for part in ("queries", "answers", "auth_rr", "add_rr")
        ],
    )
    if position.over_tls:
        record["decrypted"] = True
    for section in node:
        if section.get("name") == "":
            title = section.get("show") or section.get("showname") or ""
            for resource in section:
                _read_resource(resource, title, record)
    return record


def _read_resource(resource: Element, title: str, record: Record) -> None:
    """Adds one question or one answer record."""
    values: dict[str | None, list[str]] = {}
    for each in resource.iter("field"):
        values.setdefault(each.get("name"), []).append(each.get("show", ""))

    def first(name: str) -> str | None:
        return values.get(name, [None])[0]

    if "dns.qry.name" in values:
        query: Record = {
            "name": values["dns.qry.name"][0],
            "type": to_int(first("dns.qry.type")),
            "class": to_int(first("dns.qry.class")),
        }
        if not _PLAIN.match(values["dns.qry.name"][0]):
            # the text loses bytes, so the wire format is kept, with its pointers
            nodes = (each for each in resource.iter("field") if each.get("name") == "dns.qry.name")
            query["raw"] = next(nodes).get("value", "")
        record["queries"].append(query)
    elif "dns.resp.name" in values and title.startswith("Answers"):
        rtype = to_int(first("dns.resp.type"))
        name, ttl_s = values["dns.resp.name"][0], to_int(first("dns.resp.ttl"))
        answer: Record = {"name": name, "type": rtype, "ttl": ttl_s}
        if rtype in _DATA_FIELDS:
            answer["data"] = first(_DATA_FIELDS[rtype])
        elif rtype in (64, 65):  # SVCB, HTTPS
            hints = (values.get(f"dns.svcb.svcparam.{family}hint.ip", []) for family in ("ipv4", "ipv6"))
            answer["data"] = first("dns.svcb.targetname")
            answer["hints"] = [hint for family in hints for hint in family]
            answer["ech"] = "dns.svcb.svcparam.echconfig" in values
        else:
            return
        record["answers"].append(answer)
