"""Packets read by scapy: for systems without AF_PACKET, and for files that only scapy reads.

scapy reads the packets and the engine processes them, so names, flows and bytes are those of the native
sources. It is about a hundred times slower.
"""

from __future__ import annotations

import logging
import struct
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from netmon._engine import Engine, EventWriter, Matcher
from netmon.errors import SourceError, install_command
from netmon.sources import Batch, Stats, to_batch
from netmon.sources.bpf import ETHERNET
from netmon.sources.coverage import Coverage
from netmon.sources.kept import KeptPackets
from netmon.sources.stop_request import StopRequest

REQUIREMENT = "scapy>=2.5"
"""scapy for pip, as in the extra `scapy` of pyproject.toml."""

PACKETS_PER_STEP = 4096
POLL_S = 0.5
_PATTERN = frozenset("*?[")
MAX_PACKET_BYTES = 4 * 65_535
"""The longest packet that scapy reads."""
LATEST_NS = 2**64 - 1
"""The latest time that the engine counts; stamps of pcapng can be later."""


def import_scapy() -> Any:
    """The package. Raises SourceError if it is missing."""
    try:
        import scapy.all  # noqa: PLC0415  # takes a second and is an extra
    except ImportError as error:
        raise SourceError(
            f"scapy is not installed; install it with: {install_command(REQUIREMENT)}"
        ) from error
    # netmon reports an error in a file in one line, and counts those in packets.
    logging.getLogger("scapy").setLevel(logging.CRITICAL)
    return scapy.all


class ScapyFileSource:
    """Reads capture files with scapy."""

    def __init__(
        self,
        paths: Sequence[str],
        matcher: Matcher,
        *,
        every_flow: bool = False,
        limits: Mapping[str, Any] | None = None,
        stop: StopRequest | None = None,
        events: EventWriter | None = None,
    ) -> None:
        self.problems: list[str] = []
        self._scapy = import_scapy()
        self._paths = paths
        self._stop = stop or StopRequest()
        self._engine = Engine(matcher, every_flow=every_flow, **(limits or {}))
        if events is not None:
            self._engine.write_events(events)
        self.kept = KeptPackets(self._engine)

    def batches(self) -> Iterator[Batch]:
        """The batches of all files. `problems` names those that scapy could not read completely.

        Raises SourceError if scapy cannot open a file.
        """
        packets = chain.from_iterable(map(self._packets, self._paths))
        for number, (time_ns, link, data, wire_len) in enumerate(packets, 1):
            self._engine.feed(time_ns, link, data, wire_len, number)
            if self._stop.is_asked:
                self.problems.append(f"interrupted by {self._stop.name} after {_packets_text(number)}")
                break
            if number % PACKETS_PER_STEP == 0:
                yield to_batch(self._engine.drain())
        yield to_batch(self._engine.finish())

    def stats(self) -> Stats:
        """The current counters."""
        return self._engine.stats()

    def coverage(self) -> Coverage:
        """Nothing: scapy reads files one after another, and does not merge them."""
        return Coverage([], [])

    def _packets(self, path: str) -> Iterator[tuple[int, int, bytes, int]]:
        """The time, link type, bytes and original length of each packet, up to an error in the file."""
        try:
            reader = self._scapy.RawPcapReader(path)
        except (OSError, self._scapy.Scapy_Exception) as error:
            raise SourceError(f"{path}: scapy cannot read it: {error}") from error
        number = 0
        time_ns = 0
        with reader:
            while True:
                try:
                    # Iterating over the reader would truncate packets to 65,535 bytes.
                    data, about = reader._read_packet(size=MAX_PACKET_BYTES)
                except EOFError:
                    return
                except (OSError, ValueError, struct.error, self._scapy.Scapy_Exception) as error:
                    self.problems.append(f"{path}: reading stopped after {_packets_text(number)}: {error}")
                    return
                if len(data) < min(getattr(about, "caplen", 0), MAX_PACKET_BYTES):
                    self.problems.append(
                        f"{path}: reading stopped in a packet, after {_packets_text(number, 'complete ')}"
                    )
                    return
                number += 1
                link = getattr(about, "linktype", getattr(reader, "linktype", ETHERNET))
                time_ns = _time_ns(about, 1 if getattr(reader, "nano", False) else 1000, time_ns)
                yield time_ns, link, data, about.wirelen


def _packets_text(number: int, adjective: str = "") -> str:
    return f"{number:,} {adjective}packet" if number == 1 else f"{number:,} {adjective}packets"


def _time_ns(about: Any, unit_ns: int, previous_ns: int) -> int:
    """The time of a packet, or that of the one before it if it has none (pcapng's Simple Packet Block)."""
    if not hasattr(about, "tshigh"):
        return int(about.sec * 1_000_000_000 + about.usec * unit_ns)
    if about.tshigh is None:
        return previous_ns
    stamp_ns = ((about.tshigh << 32) + about.tslow) * 1_000_000_000 // int(about.tsresol)
    return min(int(stamp_ns), LATEST_NS)


class ScapyLiveSource:
    """Captures on interfaces with scapy. The constructor starts the capture, and raises SourceError."""

    def __init__(
        self,
        interfaces: Sequence[str],
        matcher: Matcher,
        *,
        filter_expression: str = "",
        report_every_s: int = 5,
        limits: Mapping[str, Any] | None = None,
    ) -> None:
        scapy = import_scapy()
        self._engine = Engine(matcher, report_every_s=report_every_s, **(limits or {}))
        self.kept = KeptPackets(self._engine)
        self._stop = threading.Event()
        self._turns = 0
        self._lock = threading.Lock()
        self._link_numbers = scapy.conf.l2types.layer2num
        self._sockets: dict[Any, str] = {}
        for interface in interfaces:
            if interface == "any" or not _PATTERN.isdisjoint(interface):
                raise SourceError(
                    f"{interface}: --source scapy needs the name of an interface, not a pattern"
                )
            try:
                listen = scapy.resolve_iface(interface).l2listen()
                self._sockets[listen(iface=interface, filter=filter_expression or None)] = interface
            except (OSError, ValueError, scapy.Scapy_Exception) as error:
                self._close()
                raise SourceError(f"{interface}: scapy cannot capture: {_reason(error)}") from error

    def batches(self) -> Iterator[Batch]:
        """Batches until `stop`, then the last flows.

        Raises SourceError if an interface fails, after the batches up to then.
        """
        failure: SourceError | None = None
        while not self._stop.is_set() and failure is None:
            try:
                self._feed_waiting()
            except SourceError as error:
                failure = error
            self._turns += 1
            yield to_batch(self._engine.drain())
        self._close()
        yield to_batch(self._engine.finish())
        if failure is not None:
            raise failure

    def _feed_waiting(self) -> None:
        """Feeds the packets that have arrived to the engine. Waits for the first one only."""
        sockets = list(self._sockets)
        timeout_s = POLL_S
        for _ in range(PACKETS_PER_STEP):
            ready = sockets[0].select(sockets, timeout_s)
            if not ready:
                return
            timeout_s = 0
            for socket in ready:
                self._feed(socket)

    def _feed(self, socket: Any) -> None:
        try:
            layer, data, seconds = socket.recv_raw(MAX_PACKET_BYTES)
        except OSError as error:
            raise SourceError(f"{self._sockets[socket]}: scapy cannot capture: {_reason(error)}") from error
        if data:
            time_ns = time.time_ns() if seconds is None else int(seconds * 1_000_000_000)
            with self._lock:
                self._engine.feed(time_ns, self._link_numbers.get(layer, ETHERNET), data, len(data))

    def _close(self) -> None:
        for socket in self._sockets:
            socket.close()

    def stop(self) -> None:
        """Makes `batches` end soon. Safe to call in a signal handler."""
        self._stop.set()

    def stats(self) -> Stats:
        """The current counters. May be called from any thread."""
        with self._lock:
            return self._engine.stats()

    def reload(self, _matcher: Matcher) -> Batch:
        """Raises SourceError: scapy's sockets have no reload."""
        raise SourceError("--source scapy does not reload")

    def turns(self) -> list[int]:
        """The iterations of the loop, which is the only one."""
        return [self._turns]


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
