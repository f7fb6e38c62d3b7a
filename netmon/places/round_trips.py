"""The smallest round trip to each server address on each day, as flows bring them in."""

from __future__ import annotations

from collections import OrderedDict

from netmon.days import DAY_NS
from netmon.records import FlowRecord, RoundTrip

ADDRESSES = 65_536
"""Addresses and days kept; the one not seen for the longest time goes first, and is counted."""


class RoundTrips:
    """Remembers the smallest round trip by server address and UTC day of the flow's beginning.

    By day, for addresses move. As long as something in the middle seems to answer nothing is remembered, and
    what was is forgotten: it may have come from there. `evicted` counts what gave way to others.
    """

    def __init__(self, addresses: int = ADDRESSES) -> None:
        self.evicted = 0
        self._addresses = addresses
        self._smallest: OrderedDict[tuple[str, int], RoundTrip] = OrderedDict()

    def take(self, flow: FlowRecord) -> RoundTrip | None:
        """The smallest round trip to the flow's server that day, this flow's included; None: none is known.

        A flow counts once, with its first report.
        """
        if flow.interception == "suspected":
            self._smallest.clear()
            return None if flow.rtt_ns is None else RoundTrip(flow.rtt_ns, 1, flow.start_ns, "suspected")
        key = (flow.server, flow.start_ns // DAY_NS)
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
    """Nothing of the flow was reported before."""
    return (flow.new_sent_bytes, flow.new_received_bytes) == (flow.sent_bytes, flow.received_bytes)
