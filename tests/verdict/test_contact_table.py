"""How far a flow came, and whether it is judged, for each way in which a mirror may show it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import pytest

from netmon.monitor import Monitor
from netmon.places.locator import Locator
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource
from netmon.verdict.policy import Policy
from netmon.verdict.subjects import Subjects
from tests.craft import golden, tls
from tests.craft.packets import ACK, UDP, address, ip, udp
from tests.craft.quic import Initials, crypto
from tests.craft.scene import CLIENT, MOSCOW, START_NS, connection, ethernet_file
from tests.craft.talk import Connection, Sent

SIGNATURES = load_folder(golden.FOLDER / "signatures")
MUCH, SMALL = 100_000, 200
SIDES = ("both", "client", "server")
OUTCOMES = {
    "judged": ("data", None),
    "none": ("answered", "no_contact"),
    "unclear": ("answered", "insufficient_view"),
    "shown": ("data", "insufficient_view"),  # by acknowledgements of the server alone
    "attempt": ("attempted", "no_contact"),
}


def check(tmp_path: Path, sent: Sequence[Sent], expected: str) -> None:
    """The contact of the only flow, and whether it is judged by its place, are as expected."""
    capture = tmp_path / "input.pcap"
    capture.write_bytes(ethernet_file(sorted(sent, key=lambda one: one.time_ns)))
    source = FileSource([str(capture)], compile_matcher(SIGNATURES), every_flow=True)
    [flow] = [flow for batch in source.batches() for flow in batch.flows]
    one = Monitor(SIGNATURES, Locator(SIGNATURES), Policy(), Subjects("DE")).classify(flow)
    contact, reason = OUTCOMES[expected]
    assert one.verdict is not None
    assert flow.contact == contact
    assert one.verdict.reason == (reason or "no_promise")  # none applies to a network alone
    assert one.uncounted == {None: None, "no_contact": "no_data"}.get(reason, "unseen")


def of_side(sent: Sequence[Sent], side: str) -> list[Sent]:
    """What a mirror shows that carries one direction, or both."""
    return [one for one in sent if side == "both" or one.up == (side == "client")]


def request(talk: Connection) -> None:
    """The server acknowledges what the client sends, and sends nothing."""
    talk.send(bytes(1000))


def greeting(talk: Connection) -> None:
    """The client acknowledges what the server sends, and sends nothing."""
    talk.receive(bytes(1000))


def exchange(talk: Connection) -> None:
    """Both send."""
    talk.send(bytes(1000))
    talk.receive(bytes(1000))


def upload(talk: Connection) -> None:
    """As a request, but with much data."""
    talk.send(bytes(MUCH))


def download(talk: Connection) -> None:
    """As a greeting, but with much data."""
    talk.receive(bytes(MUCH))


def nothing(talk: Connection) -> None:
    """Neither sends: keep-alive alone."""
    talk.up(ACK)
    talk.down(ACK)


TALKS = (nothing, request, greeting, exchange, upload, download)


def tcp(talks: Callable[[Connection], None], side: str, start: str, loss: str) -> list[Sent]:
    """A connection as it was seen: from its start on or not, and with its large packets or without."""
    talk = connection(MOSCOW)
    talk.open()
    opened = len(talk.sent)
    talks(talk)
    nothing(talk)
    sent = talk.sent if start == "start" else talk.sent[opened:]
    return [one for one in of_side(sent, side) if loss == "complete" or len(one.packet) < SMALL]


CELLS = {
    # Talk, start and loss: both sides seen, the client's alone, the server's alone.
    ("nothing", "start", "complete"): ("none", "unclear", "unclear"),
    ("nothing", "start", "large lost"): ("none", "unclear", "unclear"),
    ("nothing", "later", "complete"): ("unclear", "unclear", "unclear"),
    ("nothing", "later", "large lost"): ("unclear", "unclear", "unclear"),
    # A firewall may acknowledge a request and drop it.
    ("request", "start", "complete"): ("none", "judged", "unclear"),
    ("request", "start", "large lost"): ("none", "judged", "unclear"),
    ("request", "later", "complete"): ("unclear", "judged", "unclear"),
    ("request", "later", "large lost"): ("unclear", "unclear", "unclear"),
    ("greeting", "start", "complete"): ("none", "unclear", "unclear"),
    ("greeting", "start", "large lost"): ("none", "unclear", "unclear"),
    ("greeting", "later", "complete"): ("unclear", "unclear", "unclear"),
    ("greeting", "later", "large lost"): ("unclear", "unclear", "unclear"),
    ("exchange", "start", "complete"): ("judged", "judged", "shown"),
    ("exchange", "start", "large lost"): ("judged", "judged", "shown"),
    ("exchange", "later", "complete"): ("judged", "judged", "unclear"),
    ("exchange", "later", "large lost"): ("unclear", "unclear", "unclear"),
    # No firewall lets a client send that much.
    ("upload", "start", "complete"): ("judged", "judged", "unclear"),
    ("upload", "start", "large lost"): ("judged", "judged", "unclear"),
    ("upload", "later", "complete"): ("judged", "judged", "unclear"),
    ("upload", "later", "large lost"): ("unclear", "unclear", "unclear"),
    ("download", "start", "complete"): ("judged", "judged", "unclear"),
    ("download", "start", "large lost"): ("judged", "judged", "unclear"),
    ("download", "later", "complete"): ("judged", "judged", "unclear"),
    ("download", "later", "large lost"): ("judged", "judged", "unclear"),
}


@pytest.mark.parametrize("start", ["start", "later"])
@pytest.mark.parametrize("loss", ["complete", "large lost"])
@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.__name__)
def test_each_view_of_a_flow_has_its_contact_and_its_reason(
    tmp_path: Path, talk: Callable[[Connection], None], loss: str, start: str
) -> None:
    """TCP: what was said, from the start on or not, completely or without large packets, of which side."""
    for side, expected in zip(SIDES, CELLS[talk.__name__, start, loss], strict=True):
        check(tmp_path, tcp(talk, side, start, loss), expected)


def test_the_table_has_no_other_cells() -> None:
    """Each combination is there, and nothing else."""
    names = [talk.__name__ for talk in TALKS]
    assert set(CELLS) == set(product(names, ("start", "later"), ("complete", "large lost")))


ID = bytes(range(8))
INITIAL = Initials(ID).datagram(0, [crypto(0, tls.client_hello("cdn.example", quic=True))], destination=ID)
SHORT_HEADER, LONG_HEADER, OTHER = b"\x41", b"\xe0\x00\x00\x00\x01", b"\x81"


def datagrams(port: int, first: bytes, count: int, side: str, *, opened: bool) -> list[Sent]:
    """Datagrams of a kilobyte in both directions, after a QUIC client's first or not."""
    ends = (address(CLIENT), address(MOSCOW))
    payloads = [INITIAL] * opened + [first + number.to_bytes(2) + bytes(1000) for number in range(count)]
    sent = []
    for number, payload in enumerate(payloads):
        for up in (True, False):
            (source, destination), ports = (ends, (50_000, port)) if up else (ends[::-1], (port, 50_000))
            sends = LONG_HEADER + bytes(100) if payload is INITIAL and not up else payload
            packet = ip(source, destination, UDP, udp(source, destination, ports, sends))
            sent.append(Sent(START_NS + number * 10_000_000 + (0 if up else 5_000_000), packet, up))
    return of_side(sent, side)


@pytest.mark.parametrize(
    ("port", "first", "count", "opened", "client"),
    [
        (443, b"", 0, True, "attempt"),  # a firewall drops QUIC
        (443, LONG_HEADER, 3, True, "attempt"),  # 0-RTT or repetitions
        (443, LONG_HEADER, 200, True, "unclear"),
        (443, SHORT_HEADER, 1, True, "judged"),
        (443, SHORT_HEADER, 200, True, "judged"),
        (443, SHORT_HEADER, 1, False, "unclear"),  # in the middle of a connection, or anything
        (443, SHORT_HEADER, 1000, False, "unclear"),
        (443, OTHER, 3, False, "attempt"),
        (443, OTHER, 200, False, "unclear"),
        (444, SHORT_HEADER, 3, False, "attempt"),
        (444, SHORT_HEADER, 200, False, "unclear"),
    ],
)
def test_each_view_of_datagrams_has_its_contact_and_its_reason(
    tmp_path: Path, port: int, first: bytes, count: int, opened: bool, client: str
) -> None:
    """UDP: both sides are an exchange; the server's alone is unclear, and a client's beyond an attempt."""
    for side, expected in (("both", "judged"), ("client", client), ("server", "unclear")):
        check(tmp_path, datagrams(port, first, count, side, opened=opened), expected)


def test_what_is_said_about_a_client_alone(tmp_path: Path) -> None:
    """The explanation neither speaks of an attempt nor of a connection that began before."""
    capture = tmp_path / "input.pcap"
    capture.write_bytes(ethernet_file(tcp(greeting, "client", "start", "complete")))
    source = FileSource([str(capture)], compile_matcher(SIGNATURES), every_flow=True)
    [flow] = [flow for batch in source.batches() for flow in batch.flows]
    one = Monitor(SIGNATURES, Locator(SIGNATURES), Policy(), Subjects("DE")).classify(flow)
    assert one.verdict is not None
    assert one.verdict.explanation.startswith("Only packets from the client were seen.")
