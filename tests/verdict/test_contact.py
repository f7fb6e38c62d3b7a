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
from tests.craft.packets import ACK, FIN, PSH, RST, SYN, UDP, address, ip, udp
from tests.craft.quic import Initials, crypto
from tests.craft.scene import CLIENT, MOSCOW, NAME, START_NS, connection, ethernet_file, flight
from tests.craft.talk import Connection, Sent, tls_session
from tests.craft.x509 import certificate

SIGNATURES = load_folder(golden.FOLDER / "signatures")
SILENT, FORBID = Policy(), Policy(forbidden_vendors=frozenset({"cloud"}))
SINKHOLE = "10.0.0.99"
ID = bytes(range(8))
ISSUER = {"CN": "An Authority"}

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


@pytest.mark.parametrize("up", [True, False])
def test_in_a_one_way_view_the_client_is_judged_and_the_server_is_not(tmp_path: Path, up: bool) -> None:
    """A client sends payload after the handshake only; a server acknowledges it, but anyone may say so."""
    talk = connection(MOSCOW)
    session(talk)
    one = one_flow(tmp_path, one_way(talk.sent, up=up))
    assert one.flow.contact == "data"
    assert one.verdict is not None
    assert one.verdict.outcome == ("unexpected" if up else "undecided")
    assert (one.verdict.reason == "insufficient_view") != up


def server_alone(talk: Connection) -> None:
    """Payload in the server's name for a client that sends nothing."""
    talk.down(PSH | ACK, tls.application_data("forged", 60))


def tls12(talk: Connection) -> None:
    """A TLS 1.2 session, with the server's certificate in clear."""
    talk.open()
    talk.send(flight())
    talk.receive(tls.server_flight_in_clear("clear", [certificate({"CN": NAME}, ISSUER, [NAME])]))
    talk.send(tls.application_data("up", 300))
    talk.receive(tls.application_data("down", 3000))


def banner(talk: Connection) -> None:
    """A server greets; the client sends nothing, and closes."""
    talk.open()
    talk.receive(b"220 ready\r\n")
    talk.up(FIN | ACK)
    talk.next_up += 1
    talk.down(FIN | ACK)


def long_session(talk: Connection) -> None:
    """One in which the client sends more than its start shows."""
    session(talk)
    talk.send(tls.application_data("up", 4000))
    talk.receive(tls.application_data("down", 4000))


@pytest.mark.parametrize(
    ("talk", "contact", "pick"),
    [
        (session, "data", slice(None)),
        (tls12, "data", slice(None)),
        (long_session, "data", slice(4, None)),  # in mid-stream
        (session, "answered", slice(1)),  # the SYN-ACK
        (hello_without_answer, "answered", slice(None)),  # the hello is acknowledged, and nothing else comes
        (hello_then_reset, "answered", slice(None)),
        (banner, "answered", slice(None)),
        (reset, "refused", slice(None)),
        (server_alone, "answered", slice(None)),
    ],
)
@pytest.mark.parametrize("policy", [SILENT, FORBID], ids=["silent", "forbidden"])
def test_only_the_servers_direction_is_no_finding(
    tmp_path: Path, talk: Talk, contact: str, pick: slice, policy: Policy
) -> None:
    """Its packets show what the server says that it received, and never that this client sent nothing."""
    conversation = connection(MOSCOW)
    talk(conversation)
    one = one_flow(tmp_path, one_way(conversation.sent, up=False)[pick], policy)
    assert (one.flow.contact, one.flow.sent_packets) == (contact, 0)
    assert one.verdict is not None
    assert (one.verdict.outcome, one.verdict.reason) == ("undecided", "insufficient_view")
    assert one.verdict.explanation.startswith("Only packets from the server were seen.")
    assert ("acknowledge data of the client" in one.verdict.explanation) == (contact == "data")
    assert one.uncounted == "unseen"


@pytest.mark.parametrize("keep", [1, 2], ids=["its SYN", "its handshake"])
def test_what_the_server_acknowledged_counts_beside_a_part_of_the_clients_direction(
    tmp_path: Path, keep: int
) -> None:
    """A mirror that loses the client's data after its start: the server received it, so it is judged."""
    talk = connection(MOSCOW)
    long_session(talk)
    up, down = one_way(talk.sent, up=True), one_way(talk.sent, up=False)
    one = one_flow(tmp_path, sorted([*up[:keep], *down], key=lambda sent: sent.time_ns), FORBID)
    assert (one.flow.contact, one.flow.sent_packets) == ("data", keep)
    assert one.verdict is not None
    assert one.verdict.outcome == "forbidden"


def test_what_the_client_acknowledged_counts_if_the_servers_data_is_lost(tmp_path: Path) -> None:
    """A mirror that loses the server's data after its SYN-ACK: both sides sent, as the client says."""
    talk = connection(MOSCOW)
    long_session(talk)
    up, down = one_way(talk.sent, up=True), one_way(talk.sent, up=False)
    one = one_flow(tmp_path, sorted([*up, *down[:1]], key=lambda sent: sent.time_ns))
    assert one.flow.contact == "data"
    assert one.verdict is not None
    assert one.verdict.outcome == "unexpected"


@pytest.mark.parametrize("guess", [2**20, 2**25, 2**31])
@pytest.mark.parametrize("refuses", [False, True])
def test_a_guessed_acknowledgement_is_no_contact(tmp_path: Path, guess: int, refuses: bool) -> None:
    """A firewall drops the SYN; whoever then sends in the server's name does not know the client's number."""
    talk = connection(MOSCOW)
    talk.up(SYN)
    for step in range(4):
        talk.next_up = (talk.next_up + (500 if step else guess)) % 2**32
        talk.down(PSH | ACK, tls.application_data("forged", 60))
        if refuses:
            talk.up(RST)
    one = one_flow(tmp_path, talk.sent)
    assert one.flow.contact == "answered"
    assert one.verdict is not None
    assert (one.verdict.outcome, one.verdict.reason) == ("undecided", "no_contact")


def test_a_client_that_only_refuses_what_it_receives_has_sent_nothing(tmp_path: Path) -> None:
    """Forged segments of a server that acknowledge ever more, each of which the client resets."""
    talk = connection(MOSCOW)
    for _ in range(4):
        talk.next_up += 500
        talk.down(PSH | ACK, tls.application_data("forged", 60))
        talk.up(RST)
    for policy in (SILENT, FORBID):
        one = one_flow(tmp_path, talk.sent, policy)
        assert one.flow.contact == "answered"
        assert one.verdict is not None
        assert one.verdict.outcome == "undecided"


def test_a_download_that_began_before_the_sensor_is_not_said_to_be_no_contact(tmp_path: Path) -> None:
    """The client only acknowledges; what it asked for before is not known."""
    talk = connection(MOSCOW)
    talk.receive(tls.application_data("down", 20_000))
    one = one_flow(tmp_path, talk.sent)
    assert one.flow.contact == "answered"
    assert "no_start" in one.flow.view
    assert one.verdict is not None
    assert (one.verdict.outcome, one.verdict.reason) == ("undecided", "insufficient_view")
    assert one.verdict.explanation.startswith("The connection began before the sensor saw it")


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
    expected = "insufficient_view" if not one.flow.sent_packets else "no_contact"
    assert one.verdict.reason == expected or contact == "data"


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
    assert "contact" in FlowRecord.__struct_fields__
