"""The packet engine (Rust, `engine/`): capture, decode, flows, names, tags.

Rows are plain tuples with the fields of `netmon.records.FlowRecord` and `netmon.records.DnsRecord`.
Nothing here raises on bad packets: they are counted by station and reason in `stats()`.
"""

from collections.abc import Sequence
from typing import Any, final

Row = tuple[Any, ...]
Batch = tuple[list[Row], list[Row]]
Instructions = Sequence[tuple[int, int, int, int]]

FLOW_FIELDS: list[tuple[str, str]]  # of a row, in order: name and type, as an annotation
DNS_FIELDS: list[tuple[str, str]]

class CaptureError(Exception):
    """A source cannot be opened or read; the message says what, where and what to do."""

def interface_link(name: str) -> int: ...  # link type of its packets; CaptureError: no such interface

@final
class Matcher:
    """Signature names and networks, compiled. A signature is a number that the caller gave.

    Raises ValueError with the offending text.
    """

    def __init__(
        self,
        names: Sequence[tuple[int, str, str]],  # (signature, "exact" | "suffix" | "pattern", text)
        networks: Sequence[tuple[int, str]],  # (signature, "192.0.2.0/24")
        denied: Sequence[str],  # domains that never match, with all below them
        public_names: Sequence[str] = (),  # of known ECH fronts
        certificates: Sequence[tuple[int, str]] = (),  # (signature, a name in a known server's certificate)
        # (signature, "tcp" | "udp", port, first payload bytes, exact payload length where it counts)
        payloads: Sequence[tuple[int, str, int, bytes, int | None]] = (),
        resolvers: Sequence[tuple[int, Sequence[str], Sequence[str]]] = (),  # (number, addresses, names)
        fallbacks: Sequence[str] = (),  # addresses of resolvers that a vendor's products fall back to
    ) -> None: ...
    def find_name(self, name: str) -> int | None: ...
    def find_certificate(self, name: str) -> int | None: ...  # "*." and a domain is a name, too
    def find_network(self, address: str) -> int | None: ...

@final
class CaptureFile:
    """A pcap or pcapng file ("-": standard input), streamed; .gz and .zst are opened as well.

    Raises CaptureError when it cannot be opened or is no capture.
    """

    def __init__(self, path: str, filter: Instructions = ()) -> None: ...
    def set_filter(self, program: Instructions) -> None: ...  # compiled for `link`; empty: no filter
    @property
    def link(self) -> int | None: ...  # link type of the first packet, which stays where it is
    @property
    def position(self) -> int: ...  # bytes read from the file, compressed as they are
    @property
    def size(self) -> int | None: ...
    @property
    def packets(self) -> int: ...
    @property
    def problem(self) -> str | None: ...  # one line: how it broke off, or what a filter left out

@final
class Engine:
    """One monitor, fed by the caller: files and other sources.

    Times and limits: seconds, entries, bytes.
    """

    def __init__(
        self,
        matcher: Matcher,
        *,
        every_flow: bool = False,
        max_flows: int = 1_000_000,
        max_names: int = 200_000,
        max_heads: int = 20_000,
        max_head_bytes: int = 65_536,
        tcp_idle_s: int = 300,
        udp_idle_s: int = 60,
        duplicate_window_ms: int = 50,  # 0: every packet counts
        report_every_s: int = 0,  # 0: only when a flow ends
    ) -> None: ...
    def read(self, file: CaptureFile, packets: int) -> bool: ...  # reads so many; False: it is at its end
    def feed(self, time_ns: int, link: int, data: bytes, wire_len: int) -> None: ...
    def drain(self) -> Batch: ...
    def finish(self) -> Batch: ...  # ends every flow
    def stats(self) -> dict[str, Any]: ...  # "view": figures by interface, "" where the source names none

@final
class Sensor:
    """Live capture: a thread and an AF_PACKET ring per worker and interface, one shared name table.

    Raises CaptureError: no such interface, no rights, a filter that the kernel refuses.
    """

    def __init__(
        self,
        matcher: Matcher,
        interfaces: Sequence[str],
        *,
        filter: Instructions = (),
        workers: int = 1,
        ring_bytes: int = 33_554_432,
        snaplen: int = 65_535,
        promiscuous: bool = True,
        every_flow: bool = False,
        max_flows: int = 1_000_000,
        max_names: int = 200_000,
        max_heads: int = 20_000,
        max_head_bytes: int = 65_536,
        tcp_idle_s: int = 300,
        udp_idle_s: int = 60,
        duplicate_window_ms: int = 50,  # 0: every packet counts
        report_every_s: int = 5,
    ) -> None: ...
    def poll(self, timeout_s: float) -> Batch: ...  # returns early when rows are there
    def stats(self) -> dict[str, Any]: ...
    def turns(self) -> list[int]: ...  # of each worker; one that stands still hangs
    def reload(self, matcher: Matcher) -> Batch: ...  # what the old signatures had tagged so far
    def stop(self) -> Batch: ...  # ends every flow, joins the threads
