"""The smallest round trip to each server address on each day, updated with every flow."""

from __future__ import annotations

from collections import OrderedDict

from netmon.days import DAY_NS
from netmon.records import FlowRecord, RoundTrip

ADDRESSES = 65_536
"""Pairs of address and day that are kept. The least recently seen is evicted first."""


class SmallestRoundTrips:
    """The smallest round trip by server address and UTC day of the flow's start.

    By day, because addresses move. While a middlebox is suspected of answering handshakes, nothing
    is kept, and earlier round trips are discarded, since they may be its answers.
    `evicted` counts evictions.
    """

    def __init__(self, addresses: int = ADDRESSES) -> None:
        self.evicted = 0
        self._addresses = addresses
        self._smallest: OrderedDict[tuple[str, int], RoundTrip] = OrderedDict()

    def record(self, flow: FlowRecord) -> RoundTrip | None:
        """Adds a flow; returns the smallest round trip to its server that day, or None if there is none.

        A flow is one sample, however often it is reported.
        """
        if flow.interception == "suspected":
            self._smallest.clear()
            return None if flow.rtt_ns is None else RoundTrip(flow.rtt_ns, 1, flow.start_ns, "suspected")
        key = (flow.destination, flow.start_ns // DAY_NS)
        known = self._smallest.get(key)
        trip = known if flow.rtt_ns is None else _join(known, flow, flow.rtt_ns)
        if trip is None:
            return None
        if trip.interception != flow.interception:
            trip = RoundTrip(trip.min_ns, trip.samples, trip.seen_ns, flow.interception)
        self._smallest[key] = trip
        self._smallest.move_to_end(key)
        if len(self._smallest) > self._addresses:
            self._smallest.popitem(last=False)
            self.evicted += 1
        return trip


def _join(known: RoundTrip | None, flow: FlowRecord, rtt_ns: int) -> RoundTrip:
    if known is None:
        return RoundTrip(rtt_ns, 1, flow.start_ns, flow.interception)
    samples = known.samples + _is_first(flow)
    if rtt_ns < known.min_ns:
        return RoundTrip(rtt_ns, samples, flow.start_ns, flow.interception)
    return RoundTrip(known.min_ns, samples, known.seen_ns, flow.interception)


def _is_first(flow: FlowRecord) -> bool:
    """True for the first report on the flow."""
    return (flow.new_sent_bytes, flow.new_received_bytes) == (flow.sent_bytes, flow.received_bytes)
