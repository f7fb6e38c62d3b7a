"""The round trip of a flow, and the smallest one to each server in the last seven days.

Only a flow's own round trip excludes a place for it: addresses move within days, and one forged answer must
not speak for later flows. The smallest one is shown with its time, because only a minimum says how near a
server is.

It is forgotten after seven days, while a middlebox is suspected of answering handshakes, for an address that
is announced from several places, and when it *jumps*: when a server that answered `JUMP_SAMPLES` flows
answers much sooner than ever before, or that many flows in a row much later. Then the address has moved, is
answered from several places, or was answered by something else, so the jump is reported.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from msgspec import Struct

from netmon.days import DAY_NS
from netmon.records import FlowRecord, RoundTrip

ADDRESSES = 65_536
"""Servers that are kept. The least recently seen is evicted first."""
KEPT_NS = 7 * DAY_NS
JUMP_SAMPLES = 20
JUMP_FACTOR = 2
JUMP_NS = 5_000_000
"""A jump is to less than half or more than twice, and by more than this: 750 km by light in vacuum."""


def own_round_trip(flow: FlowRecord) -> RoundTrip | None:
    """What a flow says about the distance of its server: the greater of its two round trips.

    A firewall that answers SYNs in the server's name is near, and so is a load balancer that sends a Retry,
    so the handshake alone says nothing. None unless both were measured.
    """
    if flow.rtt_ns is None or flow.answer_rtt_ns is None:
        return None
    return RoundTrip(max(flow.rtt_ns, flow.answer_rtt_ns), 1, flow.start_ns, flow.interception)


class _Entry(Struct):
    """A server: its smallest round trip, and the smallest of the flows since the last `JUMP_SAMPLES`."""

    smallest: RoundTrip
    ended: int  # flows that have ended
    later_ns: int = 0
    later_samples: int = 0


class SmallestRoundTrips:
    """The smallest round trip by server address.

    `evicted` counts evictions, `jumps` jumps; `version` grows when there is something to save.
    """

    def __init__(
        self, remembered: Iterable[tuple[str, RoundTrip]] = (), *, addresses: int = ADDRESSES
    ) -> None:
        """`remembered`: in the order in which the servers were last seen; the last ones are kept."""
        self.evicted = 0
        self.jumps = 0
        self.version = 0
        self._addresses = addresses
        self._entries = OrderedDict((server, _Entry(trip, trip.samples)) for server, trip in remembered)
        while len(self._entries) > addresses:
            self._entries.popitem(last=False)

    def record(self, flow: FlowRecord, own: RoundTrip | None) -> RoundTrip | None:
        """Adds a flow and its own round trip; returns the smallest one to its server in the last seven days.

        A flow is one sample, when it ends; only then does it show a jump.
        """
        if flow.interception == "suspected":
            self.version += bool(self._entries)
            self._entries.clear()
            return None
        server = flow.destination
        entry = self._entries.get(server)
        if entry is not None and abs(flow.start_ns - entry.smallest.seen_ns) > KEPT_NS:
            self.forget(server)
            entry = None
        if own is None:
            return None if entry is None else entry.smallest
        if entry is None:
            return self._begin(flow, own)
        self._entries.move_to_end(server)
        before = entry.smallest
        is_sample = flow.phase == "end"
        if is_sample and _is_jump(entry, own.min_ns):
            self.jumps += 1
            return self._begin(flow, RoundTrip(own.min_ns, 1, own.seen_ns, own.interception, before))
        smaller = own if own.min_ns < before.min_ns else before
        self.version += smaller is own
        entry.ended += is_sample
        entry.smallest = RoundTrip(smaller.min_ns, entry.ended or 1, smaller.seen_ns, flow.interception)
        return entry.smallest

    def forget(self, server: str) -> None:
        """Forgets a server, because its address is announced from several places."""
        if self._entries.pop(server, None) is not None:
            self.version += 1

    def remembered(self) -> list[tuple[str, RoundTrip]]:
        """All servers, the one seen last at the end."""
        return [(server, entry.smallest) for server, entry in self._entries.items()]

    def _begin(self, flow: FlowRecord, trip: RoundTrip) -> RoundTrip:
        """Keeps the first round trip to a server; it is shown once with the one from which it jumped."""
        kept = RoundTrip(trip.min_ns, trip.samples, trip.seen_ns, trip.interception)
        self._entries[flow.destination] = _Entry(kept, int(flow.phase == "end"))
        self._entries.move_to_end(flow.destination)
        self.version += 1
        if len(self._entries) > self._addresses:
            self._entries.popitem(last=False)
            self.evicted += 1
        return trip


def _is_jump(entry: _Entry, own_ns: int) -> bool:
    """Adds a sample; true if it, or the least of the last `JUMP_SAMPLES`, is far from the least of all."""
    smallest_ns = entry.smallest.min_ns
    if entry.ended >= JUMP_SAMPLES and _is_much_less(own_ns, smallest_ns):
        return True
    entry.later_ns = own_ns if entry.later_samples == 0 else min(entry.later_ns, own_ns)
    entry.later_samples += 1
    if entry.later_samples < JUMP_SAMPLES:
        return False
    entry.later_samples = 0
    return _is_much_less(smallest_ns, entry.later_ns)


def _is_much_less(one_ns: int, other_ns: int) -> bool:
    return one_ns * JUMP_FACTOR < other_ns and one_ns + JUMP_NS < other_ns
