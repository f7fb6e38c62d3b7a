"""The packet engine (Rust, `engine/`): capture, decoding, flows, names, tags.

Rows are plain tuples with the fields of `netmon.records.FlowRecord` and `netmon.records.DnsRecord`.
Malformed packets raise nothing: `stats()` counts them by stage and reason.
"""

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, final

Row = tuple[Any, ...]
# Of flows, and of DNS messages; lines of events in place of those that an `EventWriter` wrote.
Rows = tuple[list[Row | str], list[Row | str]]
Instructions = Sequence[tuple[int, int, int, int]]

FLOW_FIELDS: list[tuple[str, str]]  # of a row, in order: name and type, as an annotation
DNS_FIELDS: list[tuple[str, str]]

class CaptureError(Exception):
    """A source cannot be opened or read; the message says what, where and what to do."""

class PrivilegeError(Exception):
    """The process would keep more privileges than it should."""

# Once, before any thread starts. The user, its group and all its groups; None: the user stays. The result
# has a line for each protection that this system does not offer.
def give_up_privileges(
    account: tuple[int, int, Sequence[int]] | None, *, all_files: bool, filter_calls: bool
) -> list[str]: ...
def embedded_ipv4(address: str, prefixes: Sequence[str] = ()) -> str | None: ...  # ValueError: invalid text
def packed_address(address: str) -> bytes: ...  # 4 or 16; ValueError: invalid text

# Python's own SHA-256 loads OpenSSL, which takes longer than what a start has to hash.
def sha256(data: bytes) -> bytes: ...
def sha256_of_files(start: bytes, paths: Sequence[Path]) -> bytes: ...  # with paths and lengths; OSError

# Payload of which only what names and judges a flow remains, at the same length.
def essential_stream(stream: bytes, starts: Sequence[int]) -> bytes: ...  # segments begin at `starts`
def essential_datagram(
    datagram: bytes, id_length: int
) -> bytes: ...  # connection IDs of QUIC have this length
def essential_message(message: bytes) -> bytes: ...  # of DNS, without the length before it
def id_length(datagram: bytes) -> int | None: ...  # of connection IDs in short headers, from a long header

ECS_VERSION: str  # of the Elastic Common Schema that events follow

# RFC 3339 in UTC with microseconds; times after the year 9999 are given as its last second.
def timestamp(time_ns: int) -> str: ...

@final
class EventWriter:
    """Writes events as lines of JSON. Records are a `FlowRecord` and a `DnsRecord` of `netmon.records`.

    What a flow means is given as JSON: `geo` is an object; `vendor`, `fallback` and `judgement` are parts of
    one, without its braces.
    """

    def __init__(
        self,
        sensor: str,
        site: str,
        run: str | None,
        *,
        show: Callable[[str, int], str | None] | None = None,  # what stands for a client; None: its address
        resolvers: Sequence[str] = (),  # ids of the public resolvers, by index
        with_updates: bool = False,  # also the reports between a flow's start and its end
    ) -> None: ...
    # A line, or nothing if the event is not wanted.
    def flow(
        self,
        record: Any,
        is_alert: bool = False,
        severity: int | None = None,
        geo: str = "",
        vendor: str = "",
        signature: str | None = None,
        resolver: str | None = None,
        fallback: str = "",
        judgement: str = "",
    ) -> str: ...
    def dns(self, record: Any) -> str: ...

@final
class Matcher:
    """Compiled signatures. A signature is a number chosen by the caller.

    Raises ValueError naming the invalid text.
    """

    def __init__(
        self,
        names: Sequence[tuple[int, str, str]],  # (signature, "exact" | "suffix" | "pattern", text)
        networks: Sequence[tuple[int, str]],  # (signature, "192.0.2.0/24")
        denied: Sequence[str],  # domains that never match, nor any name below them
        public_names: Sequence[str] = (),  # of known client-facing servers (ECH, RFC 9849)
        certificates: Sequence[tuple[int, str]] = (),  # (signature, a name in a known server's certificate)
        # (signature, "tcp" | "udp", port, first payload bytes, payload length or None for any)
        payloads: Sequence[tuple[int, str, int, bytes, int | None]] = (),
        resolvers: Sequence[tuple[int, Sequence[str], Sequence[str]]] = (),  # (number, addresses, names)
        fallbacks: Sequence[str] = (),  # addresses of resolvers that a vendor's products fall back to
        vendors: Sequence[int] = (),  # the number of the vendor of each signature; empty: all have one
        vendor_ids: Sequence[str] = (),  # the id of each vendor, by number
    ) -> None: ...
    def find_name(self, name: str) -> int | None: ...
    def find_certificate(self, name: str) -> int | None: ...  # "*.example.com" is accepted
    def find_network(self, address: str) -> int | None: ...

@final
class Wakeup:
    """Ends the reading of pipes a second after a signal handler wrote to `fileno()`."""

    def __init__(self) -> None: ...
    def fileno(self) -> int: ...  # for `signal.set_wakeup_fd`

@final
class CaptureFile:
    """A pcap or pcapng file ("-": standard input), read as a stream, also if it is compressed.

    Raises CaptureError if it cannot be opened or is not a capture. The constructor waits until a pipe has
    sent the header of the capture.
    """

    def __init__(self, path: str, filter: Instructions = (), wakeup: Wakeup | None = None) -> None: ...
    @staticmethod
    def first_times_ns(path: str) -> list[int]: ...  # of up to three packets, sorted
    @staticmethod
    def is_capture(path: str) -> bool: ...  # by its first bytes
    @staticmethod
    def first_packet(path: str) -> tuple[int, bytes] | None: ...  # its time and bytes
    def set_growing(self, growing: bool) -> None: ...  # more may be written after its end
    def skip_packets(self, packets: int) -> None: ...  # so many of its first ones
    def continues(self, earlier: CaptureFile) -> None: ...  # the same interfaces, in the same order
    def set_filter(self, program: Instructions) -> None: ...  # BPF for `link`; empty: no filter
    @property
    def link(self) -> int | None: ...  # link type of the first packet, which is not consumed
    @property
    def position(self) -> int: ...  # bytes read from the file, before decompression
    @property
    def size(self) -> int | None: ...  # bytes; None for a pipe
    @property
    def packets(self) -> int: ...
    @property
    def first_ns(self) -> int | None: ...  # time of the first packet that `Engine.read_merged` read
    @property
    def last_ns(self) -> int | None: ...  # the same, of the latest one
    @property
    def is_at_end(self) -> bool: ...
    @property
    def next_ns(self) -> int | None: ...  # time of the next packet, which is not consumed
    @property
    def problem(self) -> str | None: ...  # one line: how the file is truncated, or what a filter skipped

@final
class Engine:
    """Flows, names and tags for packets from files and other sources, supplied by the caller.

    Units are in the names: `_s` seconds, `_ms` milliseconds, `_bytes`; other limits are table entries.
    """

    def __init__(
        self,
        matcher: Matcher,
        *,
        every_flow: bool = False,
        max_flows: int = 1_000_000,
        max_names: int = 200_000,
        site_resolvers: Sequence[IPv4Address | IPv6Address] = (),  # they look names up for clients
        nat64_prefixes: Sequence[str] = (),  # of the site's translators, such as "2001:db8:64::/96"
        name_machines: bool = False,  # remember hardware addresses and host names of clients
        max_heads: int = 20_000,
        max_head_bytes: int = 65_536,
        max_idle_connections: int = 100_000,
        tcp_idle_s: int = 300,
        udp_idle_s: int = 60,
        duplicate_window_ms: int = 50,  # 0: duplicates are not detected
        separate_by: Sequence[str] = (),  # of "vlan", "vni" and "interface"
        vxlan_ports: Sequence[int] = (4789, 8472),
        geneve_ports: Sequence[int] = (6081,),
        hp_erm_ports: Sequence[int] = (7932,),
        one_clock: bool = False,  # of all interfaces in a file, as those of one host have
        max_evidence_bytes: int = 0,  # of packets kept as evidence; 0: none are kept
        report_every_s: int = 0,  # 0: only when a flow ends
    ) -> None: ...
    # At most so many; False at its end. Returns to the caller when a pipe has nothing more for so long.
    # `ahead`: a thread does meanwhile what the next call with the same arguments asks for; others wait.
    def read(self, file: CaptureFile, packets: int, wait_s: float = 0.0, ahead: bool = False) -> bool: ...
    # Reads several files in the order of their packets' times, at most so many packets and up to a time. The
    # index of the first file that has no packet, if there is one.
    def read_merged(
        self, files: Sequence[CaptureFile], packets: int, until_ns: int | None = None, ahead: bool = False
    ) -> int | None: ...
    def report_openings(self) -> None: ...  # from now on also reports flows when they are recognised
    # One packet; `number` is its number in the capture, from 1, or 0.
    def feed(self, time_ns: int, link: int, data: bytes, wire_len: int, number: int = 0) -> None: ...
    # From now on writes the events of DNS messages, and of flows that match nothing.
    def write_events(self, writer: EventWriter) -> None: ...
    def drain(self) -> Rows: ...  # rows since the last call
    # Ends every flow. A batch has at most so many of them, and those after the last one are empty.
    def finish(self, most: int = ...) -> Rows: ...
    # Rows of `netmon.sources.kept.KeptPacket`: those of the DNS messages first, then the flow's own.
    def kept_packets(self, flow_id: int) -> list[Row]: ...
    def release_packets(self, flow_ids: Sequence[int]) -> None: ...
    # "view": counters by interface, "" if the source has none; "undecoded": by interface, kind and number;
    # "looked_up": DNS queries for names of a vendor, by its id
    def stats(self) -> dict[str, Any]: ...

@final
class Sieve:
    """Drops data of flows that nobody watches in the kernel, once a sensor has it.

    To be loaded before privileges are given up. Raises CaptureError if the kernel or a right is missing.
    """

    def __init__(self, max_directions: int) -> None: ...
    def probe(self) -> None: ...  # CaptureError unless it works with the privileges that are left

class Sensor:
    """Live capture: a thread and an AF_PACKET ring per worker and interface, and one shared name table.

    Interfaces are names, patterns of the shell, or "any". One that is missing, down or removed does not
    affect the others, and is captured once it is there. Raises CaptureError if none can be captured: no such
    interface, missing privileges, or a filter refused by the kernel.
    """

    def __init__(
        self,
        matcher: Matcher,
        interfaces: Sequence[str],
        *,
        filters: Mapping[int, Instructions] = ...,  # for each pcap link type; empty: no filter
        require_all: bool = False,  # CaptureError if one of the interfaces cannot be captured
        workers: int = 1,
        ring_bytes: int = 33_554_432,
        snaplen: int = 65_535,
        promiscuous: bool = True,
        sieve: Sieve | None = None,  # without filters and a snap length
        every_flow: bool = False,
        max_flows: int = 1_000_000,
        max_names: int = 200_000,
        site_resolvers: Sequence[IPv4Address | IPv6Address] = (),
        nat64_prefixes: Sequence[str] = (),
        name_machines: bool = False,  # remember hardware addresses and host names of clients
        max_heads: int = 20_000,
        max_head_bytes: int = 65_536,
        max_idle_connections: int = 100_000,
        tcp_idle_s: int = 300,
        udp_idle_s: int = 60,
        duplicate_window_ms: int = 50,  # 0: duplicates are not detected
        separate_by: Sequence[str] = (),  # of "vlan", "vni" and "interface"
        vxlan_ports: Sequence[int] = (4789, 8472),
        geneve_ports: Sequence[int] = (6081,),
        hp_erm_ports: Sequence[int] = (7932,),
        one_clock: bool = False,
        max_evidence_bytes: int = 0,
        report_every_s: int = 5,
    ) -> None: ...
    def poll(self, timeout_s: float) -> Rows: ...  # returns as soon as there are rows
    # Besides those of `Engine.stats`: "interfaces", counters by name; "interface_problems", why one is down;
    # "unsieved_interfaces", why the sieve is not used on one.
    def stats(self) -> dict[str, Any]: ...
    def kept_packets(self, flow_id: int) -> list[Row]: ...  # as those of the engine, also after `stop`
    def release_packets(self, flow_ids: Sequence[int]) -> None: ...
    def turns(self) -> list[int]: ...  # loop iterations of each thread; one that stops increasing hangs
    def reload(self, matcher: Matcher) -> Rows: ...  # rows tagged by the old signatures so far
    def stop(self) -> Rows: ...  # ends every flow and joins the threads
