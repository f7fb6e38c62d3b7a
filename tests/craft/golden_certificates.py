"""Golden captures about server certificates, where the ClientHello has no server name."""

from __future__ import annotations

from collections.abc import Sequence

from tests.craft import tls, x509
from tests.craft.golden_preambles import request
from tests.craft.scene import CLIENT, ELSEWHERE, NAME, RESOLVER, START_NS, UPDATES, connection, ethernet_file
from tests.craft.talk import SECOND_NS, SMALL, Connection, Sent, look_up_addresses, transfer

ISSUER = {"C": "CH", "O": "Example Cloud", "CN": "Example Cloud TLS CA"}
HELLO = tls.hello_records(tls.client_hello(None, versions=(tls.TLS12,)))


def chain(common_name: str, names: Sequence[str] = ()) -> list[bytes]:
    """A server's certificate and that of its issuer."""
    own = x509.certificate({"O": "Example Cloud", "CN": common_name}, ISSUER, names, label=common_name)
    return [own, x509.certificate(ISSUER, ISSUER, label="issuer")]


def session(talk: Connection, certificates: Sequence[bytes], *, record_bytes: int = 16_000) -> list[Sent]:
    """A TLS 1.2 session without a server name, over an open connection."""
    talk.send(HELLO)
    talk.receive(tls.server_flight_in_clear("clear", certificates, record_bytes=record_bytes))
    talk.send(tls.client_finished("clear"))
    transfer(talk, SMALL)
    talk.close()
    return talk.sent


def opened(server: str | None = None, *, number: int = 0, port: int = 443) -> Connection:
    """One of several connections, after its handshake."""
    where = {"client_port": 50_000 + number, "at_s": number}
    talk = connection(port=port, **where) if server is None else connection(server, port, **where)
    talk.open()
    return talk


def certificate() -> bytes:
    """TLS 1.2 without SNI: the certificate arrives in records of 100 bytes, its segments in reverse order.

    Named by the certificate's common name (`certificate`); its other name is a candidate. The certificate of
    the second flow has no alternative names.
    """
    talk = opened()
    talk.mss = 300
    sent = session(talk, chain(NAME, ["files.cloud.example", NAME]), record_bytes=100)
    answer = [s for s in sent if not s.up and len(s.packet) > 300]
    times = [s.time_ns for s in answer]
    reversed_answer = [Sent(at, s.packet, s.up) for at, s in zip(times, reversed(answer), strict=True)]
    sent = [s for s in sent if s not in answer] + reversed_answer
    return ethernet_file(sent + session(opened(number=1), chain(UPDATES)))


def certificate_seen_alone() -> bytes:
    """The mirror shows only what the server sends: no hello, and no SYN.

    Named by the server's certificate; the view is `one_way` and `no_start`.
    """
    return ethernet_file([s for s in session(connection(), chain(NAME, [NAME])) if not s.up])


def certificate_wildcard() -> bytes:
    """Wildcard certificates: the vendor's, one of no vendor, a known one, and one after a DNS look-up.

    A wildcard names a domain, not a host: it tags the flow if the entire domain is the vendor's (first flow),
    or if the signatures list the certificate (third). A name from DNS is more specific and wins (fourth).
    """
    sent = session(opened(), chain("*.files.cloud.example", ["*.files.cloud.example"]))
    sent += session(opened("192.0.2.201", number=1), chain("*.example.net", ["*.example.net"]))
    known = "*.internal.example.net"
    sent += session(opened("192.0.2.202", number=2), chain(known, [known]))
    at_ns = START_NS + 3 * SECOND_NS - SECOND_NS // 2
    sent += look_up_addresses(CLIENT, RESOLVER, UPDATES, [ELSEWHERE], at_ns=at_ns, port=50_500)
    sent += session(opened(ELSEWHERE, number=3), chain("*.cloud.example", ["*.cloud.example"]))
    return ethernet_file(sent)


def certificate_of_many() -> bytes:
    """The certificate of a CDN with the names of several customers, one of them the vendor.

    Named by the common name; the others are candidates. One name among many does not tag the flow.
    """
    names = ["edge7.carrier.example", "www.example.net", NAME]
    return ethernet_file(session(opened(ELSEWHERE), chain(names[0], names)))


def certificate_of_a_stranger() -> bytes:
    """A server whose certificate has an unrelated name, at an address that the vendor's name resolved to.

    Named by DNS, which shows the name the client wanted: a certificate of no vendor does not hide the vendor.
    """
    at_ns = START_NS - SECOND_NS // 2
    sent = look_up_addresses(CLIENT, RESOLVER, UPDATES, [ELSEWHERE], at_ns=at_ns, port=50_500)
    return ethernet_file(sent + session(opened(ELSEWHERE), chain("host7.hosting.example")))


def certificate_after_starttls() -> bytes:
    """SMTP with STARTTLS and no SNI: the certificate follows the server's replies in clear text.

    Named by the certificate. In a CONNECT tunnel the target names the flow, and the certificate is ignored.
    """
    mail = opened(port=25)
    mail.receive(b"220 mail ESMTP\r\n")
    mail.send(b"EHLO client.example\r\n")
    mail.receive(b"250 STARTTLS\r\n")
    mail.send(b"STARTTLS\r\n")
    mail.receive(b"220 go\r\n")
    tunnel = opened("192.0.2.80", number=1, port=3128)
    tunnel.send(request("CONNECT www.example.net:443 HTTP/1.1"))
    tunnel.receive(request("HTTP/1.1 200 OK"))
    return ethernet_file(session(mail, chain(UPDATES, [UPDATES])) + session(tunnel, chain(NAME, [NAME])))
