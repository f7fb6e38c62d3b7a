"""A hello in QUIC is found when its last byte has arrived, in any layout of Initial packets."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from netmon import _engine
from netmon.records import FlowRecord
from tests.craft import tls
from tests.craft.packets import UDP, address, ip, udp
from tests.craft.quic import V1, V2, Initials, crypto

RAW_IP = 101
NAME = "any.layout.example"
HELLO = tls.client_hello(
    NAME, alpn=("h3",), versions=(tls.TLS13,), post_quantum=True, name_last=True, pad_to=1900, quic=True
)
CLIENT, SERVER = address("2001:db8::1"), address("2001:db8::2")
ORIGIN = b"original"

# A piece: its offset, its length, whether it starts a new datagram, and whether it starts a new packet.
PIECES = st.lists(
    st.tuples(st.integers(0, len(HELLO) - 1), st.integers(1, 900), st.booleans(), st.booleans()),
    max_size=30,
)


def lay_out(pieces):
    """The payloads of packets and the offsets that they cover, by datagram."""
    datagrams, space = [], 0
    for begin, length, new_datagram, new_packet in pieces:
        frame = crypto(begin, HELLO[begin : begin + length])
        if new_datagram or len(frame) > space or not datagrams:
            datagrams.append(([b""], []))
            space = 1100
        packets, covered = datagrams[-1]
        if new_packet and packets[-1] and space > 60 + len(frame):
            packets.append(b"")
            space -= 50
        packets[-1] += frame
        covered.append(range(begin, min(begin + length, len(HELLO))))
        space -= len(frame)
    return datagrams


@settings(max_examples=150)
@given(PIECES, st.sampled_from([V1, V2]), st.booleans())
def test_the_hello_is_found_with_its_last_byte_and_not_before(pieces, version, in_the_end_whole):
    """Pieces of any size, overlapping, repeated, in any order, coalesced or not."""
    if in_the_end_whole:
        pieces = pieces + [(at, 700, True, False) for at in range(0, len(HELLO), 700)]
    engine = _engine.Engine(_engine.Matcher([], [], []), every_flow=True)
    initials, number, seen = Initials(ORIGIN, version), 0, set()
    for turn, (packets, covered) in enumerate(lay_out(pieces)):
        datagram = initials.datagram(number, packets, destination=ORIGIN)
        number += len(packets)
        packet = ip(CLIENT, SERVER, UDP, udp(CLIENT, SERVER, (50_000, 443), datagram))
        engine.feed(1_000_000_000 + 500_000_000 * (turn // 8) + turn, RAW_IP, packet, len(packet))
        seen.update(*covered)
        assert (engine.stats()["hellos"] == 1) == (len(seen) == len(HELLO))
    rows, _ = engine.finish()
    names = [FlowRecord(*row).name for row in rows]
    if len(seen) == len(HELLO):
        assert names == [NAME]
    else:
        assert names in ([], [None], [NAME])  # the name may be complete while other bytes are missing
