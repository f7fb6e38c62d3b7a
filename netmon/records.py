"""The frozen values that pass between netmon's modules: flows, DNS messages, places and verdicts.

Times are integer nanoseconds since 1970-01-01 UTC, taken from the packets. Bytes are IP bytes
(IP header included, link layer and tunnels excluded), so they equal NetFlow's octets.
`sent` is client to server, `received` is server to client. No value is part of a circle (`gc=False`).
"""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from netmon.language.language import ENGLISH
from netmon.language.sentences import Sentence, say_all

EncryptedDns = Literal["dot", "doh", "doq"]
Ech = Literal["grease", "used"]
Interception = Literal["unknown", "unlikely", "suspected"]
Transport = Literal["tcp", "udp"]
Phase = Literal["open", "update", "end"]
EndReason = Literal["fin", "rst", "idle", "evicted", "reused", "capture_end"]
Confidence = Literal["agreed", "disputed", "single", "unknown"]

Contact = Literal[
    "attempted",  # only the client sent, and nothing shows that it was answered
    "refused",  # the only answer was a TCP reset
    "answered",  # the server sent something, but payload of both sides was neither seen nor acknowledged
    "data",  # both sides sent payload; or, seen alone, the client did after an answer
]
"""How far client and server came in contact, weakest first: a closed set.

TCP payload that was not seen counts if it was acknowledged. A client's alone shows an answer if it needs one.
"""
CONTACTS: tuple[Contact, ...] = get_args(Contact)

Evidence = Literal[
    "sni",  # TLS over TCP, or DTLS: server_name of the ClientHello
    "quic_sni",  # the same inside QUIC
    "http_host",  # unencrypted: HTTP Host, target of a request or CONNECT, authority in a PROXY header
    "certificate",  # the server's certificate, unencrypted up to TLS 1.2
    "dns_client",  # this client resolved the name to this address
    "dns_any",  # another client, or the site's resolver, did
    "dns_unsolicited",  # an answer that no query was seen for did; gives no name
    "payload",  # first bytes that match a signature; gives no name
    "network",  # the address is in a network of a signature; gives no name
    "ech_outer",  # the public name of an encrypted hello; says nothing about the inner name
    "none",
]
"""Evidence for a flow's name, strongest first: a closed set, used as a metric label."""
EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)

Grounds = Literal[
    "own",  # what the client or its resolver sent before or in the flow, or a network of the vendor
    "holder",  # the address is in a network of the vendor; the name, and so the component, is hearsay
    "hearsay",  # other look-ups: see below
    "unsolicited",  # an answer that no query was seen for
]
"""What a match rests on, strongest first: a closed set.

Hearsay is a name in DNS that only another host looked up (a resolver that answered this client, or that is
configured, counts as the client), that the client looked up only after the flow began, or that is not the one
it looked up last before the flow. It is also what only the server shows, its certificate or its first
payload, if the client looked up no name of the vendor, and the address is in no network of the vendor.
"""
GROUNDS: tuple[Grounds, ...] = get_args(Grounds)

NAMES = EVIDENCE[: EVIDENCE.index("dns_unsolicited")]
"""Evidence that gives a name. A flow with other evidence has a reason of UNNAMED."""

Unnamed = Literal[
    "ech",
    "no_hello_seen",
    "no_server_name",
    "truncated_capture",
    "encrypted_dns",
    "started_before_sensor",
    "start_unknown",
    "not_tls",
    "malformed",
    "unknown_quic_version",
]
"""Why a flow has no name: a closed set, used as a metric label."""
UNNAMED: tuple[Unnamed, ...] = get_args(Unnamed)

QUIC_VERSIONS = ("v1", "v2", "draft", "google", "mvfst", "unknown")
"""QUIC versions as counted: 1 (RFC 9000), 2 (RFC 9369), IETF drafts, Google's own (Q0xx, T0xx), those of
mvfst (0xfaceb0xx), or any other. A closed set, used as a metric label."""

ECH: tuple[Ech, ...] = get_args(Ech)
"""The ECH extension of a hello: GREASE, or encrypting the name. A closed set, used as a metric label."""

Withheld = Literal[
    "forwarded",  # its packets came through a router, so the address is the router's
    "shared",  # the address stands for many clients, as that of a router does
]
"""Why the hardware address of a client is not known although its frames show one: a closed set."""
WITHHELD: tuple[Withheld, ...] = get_args(Withheld)

Limitation = Literal[
    "one_way",  # only one direction was seen
    "no_start",  # the start of the connection was not seen
    "cut",  # packets were truncated by the snap length
    "gap",  # segments of the opening are missing
    "proxied",  # the server is a proxy, and the real destination is behind it
    "unseen",  # more than 1 % of its bytes were acknowledged but not seen
    "undecoded",  # what is missing of it may be in packets of its interface that were not decoded
    "duplicates",  # packets were seen more than once, and counted once
    "answers_only",  # DNS answers were seen without any query, and the match rests on such an answer
    "malformed",  # what one side sent first is malformed; a name is read up to the error
]
"""Visibility limitations of a flow: a closed set."""
VIEW: tuple[Limitation, ...] = get_args(Limitation)

ENCRYPTED_DNS: tuple[EncryptedDns, ...] = get_args(EncryptedDns)
"""Transport of encrypted DNS: TLS, HTTPS or QUIC. A closed set, used as a metric label."""

Question = Literal["vendor", "other", "unknown"]
"""The name queried at a fallback resolver; unknown: DNS was encrypted. A closed set, and a metric label."""
QUESTIONS: tuple[Question, ...] = get_args(Question)

NEW_DESTINATION = ("network", "country")
"""The part of a destination that is new: a closed set, used as a metric label (see `netmon.destinations`)."""

Lack = Literal[
    "place",  # where the flow ended is not known
    "promise",  # it is known, but nothing was promised or allowed that it could be compared with
    "evidence",  # both are known, but not who answered, or not the complete flow
]
"""What is missing for a decision on an undecided flow: a closed set, used as a metric label."""
LACKS: tuple[Lack, ...] = get_args(Lack)

Standing = Literal[
    "located",  # the place is settled there: independent sources agree, or it is declared
    "possible",  # it is not excluded, and a source places the address there
    "unknown",  # it is not excluded, and no source is known to place the address there
    "excluded",  # the server answered faster than light could return from there
]
"""Whether a flow ended in a country of concern: a closed set, used as a metric label."""
STANDINGS: tuple[Standing, ...] = get_args(Standing)

Uncounted = Literal[
    "not_shown",  # nothing shows that it is a flow of the vendor: unverified signature, hearsay, unsolicited
    "redirected",  # the address is not global, and no source locates it
    "unseen",  # what the client sent was not seen: only the server's direction, or no data and not the start
    "no_data",  # no data was exchanged
]
"""Why a flow does not count in the statement about a country of concern: a closed set."""
UNCOUNTED: tuple[Uncounted, ...] = get_args(Uncounted)

Outcome = Literal["expected", "unexpected", "undecided", "forbidden"]
"""The outcome of a verdict: a closed set, used as a metric label."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

Severity = Literal["notice", "warning", "critical"]
"""How much a finding matters, weakest first: a closed set, used as a metric label.

A finding is a flow whose verdict is "unexpected" or "forbidden".
"""
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
ALARMS: tuple[Severity, ...] = ("warning", "critical")
"""The severities of findings that raise an alarm: exit code 3 and an ECS alert."""

About = Literal["location", "unclear", "registration", "anycast", "satellite", "as"]
"""The subject of a vote. Only "location" can locate an address:

unclear       a merged source's vote, which is a location or a registration (see `places.merged`)
registration  the country in which the network or AS is registered
anycast       the address is announced from several places at once
satellite     the address belongs to a satellite provider, whose users may be anywhere
as            the AS that announces the address
"""


class FlowRecord(Struct, frozen=True, gc=False):
    """One report on one bidirectional flow, in the order of the engine's rows.

    A flow in a capture file is reported once (`phase` "end"), a live one when it is tagged ("open"), while it
    is active ("update"), and when it ends ("end"). `sent_*` and `received_*` are totals so far; `new_*` are
    the bytes since the flow's previous report.

    `rtt_ns` is the time from SYN to SYN-ACK, or from a QUIC client's first Initial to the server's first
    datagram, as seen by the sensor. It is None when it might be too small: after a retransmission, or when
    the clock was set back or is coarse. It can only refute a place, never prove one. `answer_rtt_ns` is the
    time from the client's first data to the server's first data that acknowledges it, or in QUIC to a first
    datagram that is no Retry; only with `rtt_ns`, and None for the same reasons.
    """

    flow_id: int  # unique within a run, in order of first packets
    continues: int | None  # the flow with which its connection began, if it went on after a long silence
    phase: Phase
    end_reason: EndReason | None
    transport: Transport
    client: str
    client_port: int
    client_mac: str | None  # hardware address, "02-00-5E-10-AB-09"; only if machines are named
    client_mac_withheld: Withheld | None  # why that of its frames is not the client's
    client_host: str | None  # the name that it states in DHCP or multicast DNS; only if machines are named
    server: str
    server_port: int
    embedded: str | None  # the IPv4 address in `server` at which it arrives: see `netmon.places.embedded`
    interface: str | None  # the capture interface, if known
    vlan: int | None  # the outer VLAN of the two innermost, if flows are separated by it
    inner_vlan: int | None  # the VLAN inside it
    vni: int | None  # the VNI of the overlay network, if flows are separated by it
    start_ns: int
    last_ns: int
    sent_packets: int
    sent_bytes: int
    received_packets: int
    received_bytes: int
    new_sent_bytes: int
    new_received_bytes: int
    contact: Contact
    name: str | None  # the best name, lower case, no trailing dot; a certificate may give "*.example.com"
    evidence: Evidence
    reason: Unnamed | None  # why the flow has no name; None when the evidence is in NAMES
    candidates: tuple[str, ...]  # other names that the evidence allows
    ambiguous: bool  # DNS shows names of different vendors, or of one and of none, for the address
    grounds: Grounds  # what the match with a signature rests on; "own" without a match
    signature: int | None  # the signature that matched: an index of `SignatureSet.rules`
    matched: str | None  # the name that matched it: the name, a link of its CNAME chain, or a candidate
    first_packet: int | None  # number of the flow's first packet, over all files of a capture
    shown_packet: int | None  # the packet of the opening that shows the name, or what matched: its number
    shown_ns: int | None  # and its time; None if the evidence is not in the opening
    resolved: bool  # DNS as this client or its resolver looked it up has the name and this address
    answer_packet: int | None  # the latest DNS answer with the name and this address: its number
    answer_ns: int | None  # its time
    answered_by: str | None  # and who sent it
    server_name: str | None  # the SNI, lower case, also when it is not the best name or no name at all
    alpn: tuple[str, ...]
    tls_versions: tuple[str, ...]  # offered, e.g. ("1.3", "1.2")
    ja4: str | None  # fingerprint of the client's software, from its ClientHello
    ech: Ech | None  # the hello's ECH extension; None: it has none
    certificate_subject: str | None  # common name of the server's certificate, if it was seen
    certificate_issuer: str | None  # its issuer's distinguished name
    certificate_names: tuple[str, ...]  # its alternative DNS names, such as "*.example.com"
    encrypted_dns: EncryptedDns | None  # the flow carries encrypted DNS
    resolver: int | None  # index of the public resolver that a DNS flow queries (SignatureSet.resolvers)
    fallback: bool  # DNS to a resolver that a vendor's products fall back to, to be reported
    queried_signature: int | None  # the signature of a name that such a resolver was queried for, if in clear
    rtt_ns: int | None  # of the handshake, sensor to server and back: see above
    answer_rtt_ns: int | None  # of the server's first data: see above
    interception: Interception  # whether a middlebox seems to answer handshakes, at the time of the report
    view: tuple[Limitation, ...]  # visibility limitations of this flow
    unseen_bytes: int  # TCP payload that was acknowledged but not seen by the sensor
    duplicates: int  # duplicate packets, which no other field counts

    @property
    def destination(self) -> str:
        """The address at which what the client sends arrives: the embedded one, or else the server's own."""
        return self.embedded or self.server


class DnsRecord(Struct, frozen=True, gc=False):
    """One DNS message, in the order of the engine's rows. `source` sent it, a query or a response."""

    time_ns: int
    interface: str | None  # capture interface
    vlan: int | None  # as of a flow
    inner_vlan: int | None
    vni: int | None
    kind: str  # "dns", "mdns", "llmnr"
    transport: Transport
    source: str
    source_port: int
    destination: str
    destination_port: int
    message_id: int
    response: bool
    opcode: int
    rcode: int  # with EDNS' upper bits
    truncated: bool
    questions: tuple[tuple[str, str], ...]  # (name, type)
    answers: tuple[tuple[str, str, int, str], ...]  # (name, type, ttl_s, data)
    damage: str | None  # the first error; the above stands before it. "fragment": fragments are missing


class Vote(Struct, frozen=True, gc=False, cache_hash=True):
    """What one source says about where an address is."""

    source: str  # "declared" by the user, "vendor", or a database by name
    country: str | None  # ISO 3166-1 alpha-2
    city: str | None
    about: About = "location"
    date: str | None = None  # ISO date of the source
    prefix: str | None = None  # the network that the source's record covers
    note: str | None = None
    contradicts: bool = False  # it has another country than the others, which its licence withholds
    provider: str = ""  # who publishes the source (see `places.providers`); "": the source is its own


class RoundTrip(Struct, frozen=True, gc=False):
    """The smallest round trip of one flow or more to an address (see `places.round_trips`)."""

    min_ns: int
    samples: int  # flows with a measurement
    seen_ns: int  # start of the flow with the smallest round trip
    interception: Interception  # whether a middlebox seems to answer handshakes
    jumped_from: RoundTrip | None = None  # the smallest one until now, far from this one


class Trips(Struct, frozen=True, gc=False):
    """The round trips to the server of a flow, and what they show."""

    own: RoundTrip | None = None  # that of the flow, which excludes places
    smallest: RoundTrip | None = None  # of the last seven days, which excludes nothing
    before: tuple[str, ...] = ()  # steps that come before those of the place: what its own excludes
    after: tuple[str, ...] = ()  # and after them: what the smallest shows


class Place(Struct, frozen=True, gc=False, cache_hash=True):
    """Where an address is, according to the evidence: the same for all flows to it that exclude as much.

    `location` is an identifier from the signatures' locations, "unknown" or "disputed";
    `country` is ISO 3166-1 alpha-2, "unknown" or "disputed".
    """

    location: str
    country: str
    city: str | None
    confidence: Confidence
    votes: tuple[Vote, ...] = ()
    excluded: tuple[str, ...] = ()  # locations ruled out by the speed of light in vacuum
    steps: tuple[str, ...] = ()  # how the place follows from the votes, one line per step
    not_in: tuple[str, ...] = ()  # countries ruled out by the speed of light in vacuum, sorted
    implausible: tuple[str, ...] = ()  # those ruled out by light in fibre only, which changes nothing
    claims: tuple[str, ...] = ()
    """The countries that sources name, without refuted votes, sorted: one if the country is known. More than
    one, or one in doubt, only if at least two independent sources locate the address and each of them tells
    its country; otherwise none."""
    agreeing: int = 0  # independent sources that agree on the country; 0 unless the confidence is "agreed"


class Verdict(Struct, frozen=True, gc=False, cache_hash=True):
    """The judgement on one flow: an outcome and one reason from a closed set (see `netmon.verdict.table`)."""

    outcome: Outcome
    reason: str
    promise: str | None = None  # id of the promise that was applied
    lifts: str | None = None  # the reason that would apply without exceptions of the policy
    until: str | None = None  # the exception's last day
    lacks: Lack | None = None  # what is missing for a decision; only of an undecided verdict
    severity: Severity | None = None  # of a finding; None: it is none
    meaning: tuple[Sentence, ...] = ()  # what the reason means here, and what it does not
    row: str | None = None  # the row of the table that decided: its condition in words

    @property
    def explanation(self) -> str | None:
        """Its meaning in plain English."""
        return say_all(self.meaning, ENGLISH) or None

    @property
    def is_alarm(self) -> bool:
        """True for a finding of at least a warning."""
        return self.severity in ALARMS


class ConcernStanding(Struct, frozen=True, gc=False):
    """Whether a flow ended in one country of concern."""

    country: str  # ISO 3166-1 alpha-2
    standing: Standing


class Fallback(Struct, frozen=True, gc=False):
    """A client queried a public resolver that a vendor's products fall back to.

    Any software may use such a resolver; a query for one of the vendor's own names is the evidence.
    """

    vendor: str
    operator: str  # of the resolver, from the vendor's signatures
    question: Question
    component: str | None  # of the queried name, if it is the vendor's
    status: str  # trust status of the claim that products fall back to this resolver


class ClassifiedFlow(Struct, frozen=True, gc=False):
    """A flow with its vendor and component, the place of its server, and the verdict.

    For a flow that matches no vendor (`netmon read --all`), these are None.
    """

    flow: FlowRecord
    vendor: str | None = None
    component: str | None = None
    status: str | None = None  # trust status of the matching signature
    place: Place | None = None
    verdict: Verdict | None = None
    resolver: str | None = None  # id of the public resolver that a DNS flow queries
    fallbacks: tuple[Fallback, ...] = ()
    new_destination: tuple[str, ...] = ()  # from NEW_DESTINATION: what is new for this vendor
    edge: str | None = None  # the third party that answers for the vendor; the origin behind it is not seen
    signature: str | None = None  # file and line of the matching signature: "acme.yaml:12"
    concerns: tuple[ConcernStanding, ...] = ()  # one for each country of concern that applies
    uncounted: Uncounted | None = None  # why it does not count in the statement about them; None: it does
    trips: Trips = Trips()
