"""How far a client and a server came in contact, and that a blocked attempt is no finding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from netmon.monitor import Monitor
from netmon.places.locator import Locator
from netmon.records import CONTACTS, ClassifiedFlow, FlowRecord
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource
from netmon.verdict.policy import Policy
from netmon.verdict.subjects import Subjects
from tests.craft import golden, tls
from tests.craft.packets import ACK, PSH, RST, SYN, UDP, address, ip, udp
from tests.craft.quic import Initials, crypto
from tests.craft.scene import CLIENT, MOSCOW, NAME, START_NS, connection, ethernet_file, flight
from tests.craft.talk import Connection, Sent, tls_session

SIGNATURES = load_folder(golden.FOLDER / "signatures")
SILENT, FORBID = Policy(), Policy(forbidden_vendors=frozenset({"cloud"}))
SINKHOLE = "10.0.0.99"
ID = bytes(range(8))

Talk = Callable[[Connection], object]


def one_flow(tmp_path: Path, sent: Sequence[Sent], policy: Policy = SILENT) -> ClassifiedFlow:
    """The only flow of a capture with these packets, judged for users in Germany."""
    capture = tmp_path / "input.pcap"
    capture.write_bytes(ethernet_file(sent))
    source = FileSource([str(capture)], compile_matcher(SIGNATURES), every_flow=True)
    [flow] = [flow for batch in source.batches() for flow in batch.flows]
    return Monitor(SIGNATURES, Locator(SIGNATURES), policy, Subjects("DE")).classify(flow)


def syns(talk: Connection) -> None:
    """A SYN and its repetition a second later."""
    talk.up(SYN)
    talk.wait(1_000_000_000)
    talk.up(SYN)


def reset(talk: Connection) -> None:
    """A SYN that is answered by a reset."""
    talk.up(SYN)
    talk.next_up += 1
    talk.down(RST | ACK)


def hello_without_answer(talk: Connection) -> None:
    """A firewall drops everything after the ClientHello, whose name it read."""
    talk.open()
    talk.send(flight())


def hello_then_reset(talk: Connection) -> None:
    """A firewall answers the ClientHello with a reset in the server's name."""
    talk.open()
    talk.up(PSH | ACK, flight())
    talk.down(RST)


def server_alone(talk: Connection) -> None:
    """Payload in the server's name for a client that sends nothing."""
    talk.down(PSH | ACK, tls.application_data("forged", 60))


def session(talk: Connection) -> None:
    """A complete TLS session."""
    tls_session(talk, flight())


@pytest.mark.parametrize(
    ("talk", "contact"),
    [
        (syns, "attempted"),
        (reset, "refused"),
        (hello_without_answer, "answered"),
        (hello_then_reset, "answered"),
        (server_alone, "answered"),
        (session, "data"),
    ],
)
def test_only_data_in_both_directions_is_judged(tmp_path: Path, talk: Talk, contact: str) -> None:
    """A flow to Moscow is unexpected, and one to a forbidden vendor forbidden, only with data."""
    conversation = connection(MOSCOW)
    talk(conversation)
    for policy, outcome in ((SILENT, "unexpected"), (FORBID, "forbidden")):
        one = one_flow(tmp_path, conversation.sent, policy)
        assert one.flow.contact == contact
        assert one.verdict is not None
        assert one.verdict.outcome == (outcome if contact == "data" else "undecided")
        assert (one.verdict.reason == "no_contact") == (contact != "data")


def one_way(sent: Sequence[Sent], *, up: bool) -> list[Sent]:
    """The packets of one direction."""
    return [one for one in sent if one.up == up]


@pytest.mark.parametrize(("up", "contact"), [(True, "data"), (False, "answered")])
def test_in_a_one_way_view_the_payload_of_the_client_counts(tmp_path: Path, up: bool, contact: str) -> None:
    """A client sends payload after the handshake only, so it shows the contact."""
    talk = connection(MOSCOW)
    session(talk)
    one = one_flow(tmp_path, one_way(talk.sent, up=up))
    assert one.flow.contact == contact
    assert one.verdict is not None
    assert (one.verdict.outcome == "unexpected") == up


def datagram(number: int, payload: bytes, *, up: bool = True) -> Sent:
    """A datagram between the client and Moscow."""
    ends, ports = (address(CLIENT), address(MOSCOW)), (50_000, 443)
    source, destination = ends if up else ends[::-1]
    data = udp(source, destination, ports if up else ports[::-1], payload)
    return Sent(START_NS + number * 1_000_000, ip(source, destination, UDP, data), up)


def initial() -> bytes:
    """A QUIC client's first datagram, with the vendor's name."""
    return Initials(ID).datagram(0, [crypto(0, tls.client_hello(NAME, quic=True))], destination=ID)


@pytest.mark.parametrize(
    ("sent", "contact"),
    [
        ([datagram(0, initial()), datagram(1, initial())], "attempted"),
        ([datagram(0, initial()), datagram(1, bytes([0x41]) * 40)], "data"),  # a short header: it has keys
        ([datagram(0, initial()), datagram(1, b"\xc0" * 40, up=False)], "data"),
        ([datagram(0, b"\xc0" * 40, up=False)], "answered"),
        ([datagram(0, b"hello"), datagram(1, b"again")], "attempted"),
    ],
)
def test_datagrams_of_a_client_alone_are_an_attempt(tmp_path: Path, sent: list[Sent], contact: str) -> None:
    """A firewall that drops QUIC leaves Initials alone; a packet with later keys shows an answer."""
    one = one_flow(tmp_path, sent)
    assert one.flow.contact == contact
    assert one.verdict is not None
    assert (one.verdict.reason == "no_contact") == (contact != "data")


@pytest.mark.parametrize("policy", [SILENT, FORBID], ids=["silent", "forbidden"])
@pytest.mark.parametrize("server", [SINKHOLE, "0.0.0.0", "127.0.0.1", "169.254.1.1", "fc00::99", "239.1.1.1"])
def test_a_sinkhole_that_answers_is_no_finding(tmp_path: Path, server: str, policy: Policy) -> None:
    """A DNS sinkhole shows a page of its own; no data left for the vendor."""
    client = CLIENT if ":" not in server else "2001:db8:1::10"
    one = one_flow(tmp_path, tls_session(connection(server, client=client), flight()), policy)
    assert one.flow.contact == "data"
    assert one.verdict is not None
    assert (one.verdict.outcome, one.verdict.reason) == ("undecided", "sinkholed")


def test_the_contacts_are_those_of_the_engine() -> None:
    """The closed sets of both languages are equal."""
    assert CONTACTS == ("attempted", "refused", "answered", "data")
    assert "contact" in FlowRecord.__dataclass_fields__
