"""Packets by way of scapy: for systems without AF_PACKET, and for files that only scapy reads.

scapy takes the packets, the engine looks at them: names, flows and bytes equal those of the native
sources. It is some hundred times slower.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from netmon._engine import Engine, Matcher
from netmon.errors import SourceError
from netmon.sources import Batch, Stats, to_batch

PACKETS_PER_STEP = 4096
POLL_S = 0.5
_WAITING = 100_000


def _import_scapy() -> Any:
    try:
        import scapy.all  # noqa: PLC0415  # takes a second and is an extra
    except ImportError as error:
        raise SourceError(
            "scapy is not installed; install it with: pip install 'netmon-egress[scapy]'"
        ) from error
    return scapy.all


class ScapyFileSource:
    """Capture files, read by scapy."""

    def __init__(
        self,
        paths: Sequence[str],
        matcher: Matcher,
        *,
        every_flow: bool = False,
        limits: Mapping[str, Any] | None = None,
    ) -> None:
        self.problems: list[str] = []
        self._scapy = _import_scapy()
        self._paths = paths
        self._engine = Engine(matcher, every_flow=every_flow, **(limits or {}))

    def batches(self) -> Iterator[Batch]:
        """Batches of all files. Raises SourceError when scapy cannot open one."""
        for path in self._paths:
            for number, (time_ns, link, data, wire_len) in enumerate(self._packets(path), 1):
                self._engine.feed(time_ns, link, data, wire_len)
                if number % PACKETS_PER_STEP == 0:
                    yield to_batch(self._engine.drain())
        yield to_batch(self._engine.finish())

    def stats(self) -> Stats:
        """The counters as they stand."""
        return self._engine.stats()

    def _packets(self, path: str) -> Iterator[tuple[int, int, bytes, int]]:
        try:
            reader = self._scapy.RawPcapReader(path)
        except (OSError, self._scapy.Scapy_Exception) as error:
            raise SourceError(f"{path}: scapy cannot read it: {error}") from error
        with reader:
            nanoseconds = getattr(reader, "nano", False)
            for data, about in reader:
                if hasattr(about, "tshigh"):  # pcapng
                    stamp = (about.tshigh << 32) + about.tslow
                    time_ns = stamp * 1_000_000_000 // int(about.tsresol)
                    yield time_ns, about.linktype, data, about.wirelen
                else:
                    time_ns = about.sec * 1_000_000_000 + about.usec * (1 if nanoseconds else 1000)
                    yield time_ns, reader.linktype, data, about.wirelen


class ScapyLiveSource:
    """Interfaces, sniffed by scapy."""

    def __init__(
        self,
        interfaces: Sequence[str],
        matcher: Matcher,
        *,
        filter_expression: str = "",
        report_every_s: int = 5,
        limits: Mapping[str, Any] | None = None,
    ) -> None:
        scapy = _import_scapy()
        self._engine = Engine(matcher, report_every_s=report_every_s, **(limits or {}))
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._packets: queue.Queue[tuple[int, int, bytes]] = queue.Queue(_WAITING)
        self._lost = 0
        self._link_numbers = scapy.conf.l2types.layer2num
        self._sniffer = scapy.AsyncSniffer(
            iface=list(interfaces), filter=filter_expression or None, prn=self._take, store=False
        )
        try:
            self._sniffer.start()
        except (OSError, scapy.Scapy_Exception) as error:
            raise SourceError(f"{', '.join(interfaces)}: scapy cannot capture: {error}") from error

    def _take(self, packet: Any) -> None:
        link = self._link_numbers.get(type(packet), 1)
        try:
            self._packets.put_nowait((int(packet.time * 1_000_000_000), link, bytes(packet)))
        except queue.Full:
            self._lost += 1

    def batches(self) -> Iterator[Batch]:
        """Batches until `stop`, then the last flows."""
        while not self._stop.is_set():
            self._feed_waiting()
            yield to_batch(self._engine.drain())
        if self._sniffer.running:
            self._sniffer.stop()
        self._feed_waiting()
        yield to_batch(self._engine.finish())

    def _feed_waiting(self) -> None:
        try:
            packet = self._packets.get(timeout=POLL_S)
            for _ in range(PACKETS_PER_STEP):
                time_ns, link, data = packet
                with self._lock:
                    self._engine.feed(time_ns, link, data, len(data))
                packet = self._packets.get_nowait()
        except queue.Empty:
            return

    def stop(self) -> None:
        """Ends `batches` soon. Safe in a signal handler."""
        self._stop.set()

    def stats(self) -> Stats:
        """The counters as they stand, from any thread."""
        with self._lock:
            stats = self._engine.stats()
        stats["lost_packets"] = self._lost
        return stats
