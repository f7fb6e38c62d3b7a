"""The frozen values that travel through netmon: what was seen, where it ended, how it is judged.

Times are integer nanoseconds since 1970-01-01 UTC, taken from the packets. Bytes are IP bytes
(IP header included, link layer and tunnels excluded), so they equal NetFlow's octets.
`sent` is client to server, `received` is server to client.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

EncryptedDns = Literal["dot", "doh", "doq"]
Ech = Literal["grease", "used"]
Interception = Literal["unknown", "unlikely", "suspected"]
Transport = Literal["tcp", "udp"]
Phase = Literal["open", "update", "end"]
EndReason = Literal["fin", "rst", "idle", "evicted", "reused", "capture_end"]

Evidence = Literal[
    "sni",  # TLS over TCP, or DTLS: server_name of the ClientHello
    "quic_sni",  # the same inside QUIC
    "http_host",  # in clear: HTTP Host, the target of a request or a CONNECT, a PROXY header's authority
    "certificate",  # the server's certificate in clear (TLS 1.2 and older)
    "dns_client",  # this client resolved the name to this address
    "dns_any",  # another client, or the site's resolver, did
    "payload",  # first bytes that a signature knows; gives no name
    "network",  # the address lies in a network declared by a signature
    "ech_outer",  # the public name of an encrypted hello; never proves the inner one
    "none",
]
"""How a flow got its name, strongest first: a closed set, used as a metric label."""
EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)

NAMES = EVIDENCE[: EVIDENCE.index("payload")]
"""Evidence that gives a name. A flow with any other has a reason of UNNAMED."""

Unnamed = Literal[
    "ech",
    "no_hello_seen",
    "no_server_name",
    "truncated_capture",
    "encrypted_dns",
    "started_before_sensor",
    "not_tls",
    "malformed",
]
"""Why a flow has no name: a closed set, used as a metric label."""
UNNAMED: tuple[Unnamed, ...] = get_args(Unnamed)

QUIC_VERSIONS = ("v1", "v2", "draft", "google", "unknown")
"""The QUIC of a flow, as counted: version 1 (RFC 9000), 2 (RFC 9369), a draft of the IETF, one of Google's
own (Q0xx, T0xx), or a version that nobody here knows. A closed set, used as a metric label."""

ECH: tuple[Ech, ...] = get_args(Ech)
"""What the ECH extension of a hello is: only for show, or the name is encrypted. A closed set, used as a
metric label."""

Limitation = Literal[
    "one_way",  # one direction was not seen
    "no_start",  # the sensor did not see the connection begin
    "cut",  # the snap length cut packets
    "gap",  # segments of the opening are missing
    "proxied",  # the server is a proxy: the data end elsewhere
    "unseen",  # more than 1 % of its bytes were acknowledged and not seen
    "duplicates",  # packets came more than once; they are counted once
]
"""What is to be known of the view of a flow: a closed set."""
VIEW: tuple[Limitation, ...] = get_args(Limitation)

ENCRYPTED_DNS: tuple[EncryptedDns, ...] = get_args(EncryptedDns)
"""How DNS is encrypted: over TLS, HTTPS, QUIC. A closed set, used as a metric label."""

QUESTIONS = ("vendor", "other", "unknown")
"""What a fallback resolver was asked: one of the vendor's names, another one, or nobody can tell because it
was encrypted. A closed set, used as a metric label."""

NEW_DESTINATION = ("network", "country")
"""What of a destination can be new: a closed set, used as a metric label (see `netmon.destinations`)."""

OUTCOMES = ("expected", "unexpected", "undecided", "forbidden")
CONFIDENCES = ("agreed", "disputed", "single", "unknown")

About = Literal["location", "registration", "anycast", "satellite", "as"]
"""What a vote speaks of. Only "location" can locate an address:

registration  the country in which somebody's network or AS is registered
anycast       the address is announced from many places at once
satellite     the address belongs to a satellite provider, whose users may be anywhere
as            the AS that announces the address
"""

Outcome = Literal["expected", "unexpected", "undecided", "forbidden"]
Confidence = Literal["agreed", "disputed", "single", "unknown"]


@dataclass(frozen=True, slots=True)
class FlowRecord:
    """One report on one bidirectional flow, in the order of the engine's rows.

    A flow over a file is reported once (`phase` "end"); the live sensor reports it when it is
    tagged ("open"), while it lives ("update"), and when it ends ("end"). `sent_*`/`received_*`
    are totals so far; `new_*` is what came since the flow's previous report.

    `rtt_ns` is the time from SYN to SYN-ACK, or from a QUIC client's first Initial to the server's first
    answer, as the sensor saw them. None where it might be too small: the opening was sent again, the clock
    was set back or is coarse. It can only refute a place, never prove one.
    """

    flow_id: int  # unique within a run, in order of first packets
    phase: Phase
    end_reason: EndReason | None
    transport: Transport
    client: str
    client_port: int
    server: str
    server_port: int
    interface: str | None  # the capture interface, where known
    start_ns: int
    last_ns: int
    sent_packets: int
    sent_bytes: int
    received_packets: int
    received_bytes: int
    new_sent_bytes: int
    new_received_bytes: int
    name: str | None  # the best name, lower case, no trailing dot; a certificate may give "*.example.com"
    evidence: Evidence
    reason: Unnamed | None  # why the flow has no name; None when the evidence is in NAMES
    candidates: tuple[str, ...]  # other names that the evidence allows
    signature: int | None  # the signature that matched: an index of `SignatureSet.rules`
    matched: str | None  # the name that matched it: the name itself or a link of its CNAME chain
    server_name: str | None  # the SNI, lower case, also when it is not the best name or no name at all
    alpn: tuple[str, ...]
    tls_versions: tuple[str, ...]  # offered, e.g. ("1.3", "1.2")
    ja4: str | None  # fingerprint of the client's software, from its ClientHello
    ech: Ech | None  # what the hello's ECH extension is; None: it has none
    certificate_subject: str | None  # common name of the server's certificate, where one was read
    certificate_issuer: str | None  # its issuer's distinguished name
    certificate_names: tuple[str, ...]  # its alternative DNS names, "*.example.com" for a domain's hosts
    encrypted_dns: EncryptedDns | None  # the flow carries DNS that nobody can read
    resolver: int | None  # the public resolver that a DNS flow asks (SignatureSet.resolvers)
    fallback: bool  # DNS to a resolver that a vendor's products fall back to, and worth telling
    queried_signature: int | None  # the signature of a name that such a resolver was queried for, if in clear
    rtt_ns: int | None  # of the handshake, sensor to server and back: see above
    interception: Interception  # does something in the middle answer handshakes? As known by then
    view: tuple[Limitation, ...]  # what limited the sensor's view of this flow
    unseen_bytes: int  # TCP payload that the other side acknowledged and the sensor did not see
    duplicates: int  # packets that came again, which no other field counts


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """One resource record of an answer section."""

    name: str
    type: str
    ttl: int
    data: str


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One DNS message, in the order of the engine's rows. `source` sent it, a query or a response."""

    time_ns: int
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


@dataclass(frozen=True, slots=True)
class Vote:
    """What one source says about where an address is.

    Only a vote whose `about` is "location" locates the address; the others, such as a registration, never do.
    """

    source: str  # "declared" by the user, "vendor", or a database by name
    country: str | None  # ISO 3166-1 alpha-2
    city: str | None
    about: About = "location"
    date: str | None = None  # ISO date of the source
    prefix: str | None = None  # the network the source speaks of
    note: str | None = None
    contradicts: bool = False  # it names another country than the rest; which one, its licence keeps


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """The smallest round trip to an address on a day: how near it must be (see `places.physics`)."""

    min_ns: int
    samples: int  # flows that were measured
    seen_ns: int  # when the flow with the smallest one began
    interception: Interception  # does something in the middle answer handshakes?


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address is, as far as the evidence goes.

    `location` is an identifier from the signatures' locations, or "unknown", or "disputed";
    `country` is ISO 3166-1 alpha-2, or "unknown", or "disputed".
    """

    location: str
    country: str
    city: str | None
    confidence: Confidence
    votes: tuple[Vote, ...] = ()
    excluded: tuple[str, ...] = ()  # locations ruled out by the speed of light
    steps: tuple[str, ...] = ()  # how the votes became this place, one line each
    round_trip: RoundTrip | None = None  # what excluded them


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one flow: an outcome and one reason of a closed set (see `netmon.verdict`)."""

    outcome: Outcome
    reason: str
    promise: str | None = None  # the promise that was applied, by id
    lifts: str | None = None  # the reason that would hold without an exception of the policy
    until: str | None = None  # the exception's last day


@dataclass(frozen=True, slots=True)
class Fallback:
    """A client asked a public resolver that a vendor's products fall back to.

    Anybody may use such a resolver; a question for one of the vendor's own names is what tells.
    """

    vendor: str
    operator: str  # of the resolver, as the vendor's signatures call it
    question: str  # one of QUESTIONS
    component: str | None  # of the name, when it was the vendor's
    status: str  # trust in that the products do this


@dataclass(frozen=True, slots=True)
class ClassifiedFlow:
    """A flow with its meaning: whose it is, where it ended, how that is judged.

    For a flow of no vendor (`netmon read --all`) vendor, component, status, place and verdict are None.
    """

    flow: FlowRecord
    vendor: str | None = None
    component: str | None = None
    status: str | None = None  # trust status of the matching signature
    place: Place | None = None
    verdict: Verdict | None = None
    resolver: str | None = None  # the public resolver that a DNS flow asks, by id
    fallbacks: tuple[Fallback, ...] = ()
    new_destination: tuple[str, ...] = ()  # of NEW_DESTINATION: reached by this vendor for the first time
