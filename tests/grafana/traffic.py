"""What clients of the laboratory do for the dashboards: something of everything that a panel shows."""

from __future__ import annotations

from collections.abc import Iterator

from tests.craft import quic, tls
from tests.lab.network import ADDRESSES, DISPUTED, FRANKFURT

ZURICH, MOSCOW, NOBODY = (ADDRESSES[host][0] for host in ("zurich", "moscow", "resolver"))
ROUTER = "192.0.2.1"  # a resolver that products of the laboratory's vendor fall back to
FILES, UPDATES, OTHERS = "files.acme.example", "eu.updates.acme.example", "www.example.org"
ABROAD, LOST, FORBIDDEN = "cdn.updates.acme.example", "old.updates.acme.example", "in.globex.example"
ZONE = {
    FILES: {"A": [ZURICH]},
    UPDATES: {"A": [ZURICH]},
    ABROAD: {"A": [FRANKFURT]},
    LOST: {"A": [DISPUTED]},
    OTHERS: {"A": [NOBODY]},
    FORBIDDEN: {"A": [NOBODY]},
}
CALM_ROUNDS, ROUNDS = 14, 40
ROUND_S = 1.0  # the pace, so that there is some time to draw
Job = dict[str, object]


def rounds() -> Iterator[list[Job]]:
    """One round of jobs after the other; flows to Moscow begin in the round after CALM_ROUNDS."""
    for number in range(ROUNDS):
        jobs = [fetch(UPDATES, download=60_000 + 9_000 * (number * 7 % 11)), fetch(OTHERS, download=20_000)]
        jobs.append(fetch(FILES, upload=20_000 + 7_000 * (number * 5 % 13)))
        if number % 2:
            jobs += [fetch(ABROAD, download=50_000), fetch(LOST, download=30_000)]
        if number > CALM_ROUNDS and number % 3 == 0:
            jobs.append(fetch(FILES, address=MOSCOW, upload=90_000 + 20_000 * (number % 5)))
        yield [*jobs, *blind_spots(number)]


def fetch(
    name: str, *, address: str | None = None, port: int = 443, upload: int = 0, download: int = 1_000
) -> Job:
    """A request over TLS; with `address`, to there whatever the resolver says."""
    where: Job = {} if address is None else {"address": address}
    shape: Job = {"family": 4, "port": port, "tls": True, "sni": True, "upload": upload, "download": download}
    return {"name": name, **where, **shape}


def blind_spots(number: int) -> Iterator[Job]:
    """What hides names, or is not understood."""
    if number % 4 == 0:
        yield fetch("dns.example.org", address=NOBODY, port=853)
        yield {"ask": FILES, "address": ROUTER}
        # The first question to a server must look like one, so this is a message that breaks off.
        yield throw(bytes.fromhex("12340100000100000000000003777777"), "udp", 53)
    if number % 3 == 0:
        yield throw(tls.hello_records(tls.client_hello(OTHERS, ech=True, label=str(number))), "tcp", 443)
        yield throw(first_datagram(OTHERS, number), "udp", 443)
    if number % 5 == 0:
        yield fetch(OTHERS, port=443) | {"sni": False}
        yield throw(b"SSH-2.0-laboratory\r\n", "tcp", 443)


def throw(data: bytes, transport: str, port: int) -> Job:
    """Bytes for a server of nobody in particular."""
    return {"raw": data.hex(), "transport": transport, "port": port, "address": NOBODY}


def first_datagram(name: str, number: int) -> bytes:
    """A QUIC client's first datagram, of version 1 or 2."""
    origin = number.to_bytes(8, "big")
    initials = quic.Initials(origin, quic.V2 if number % 2 else quic.V1)
    hello = tls.client_hello(name, quic=True, alpn=("h3",), label=str(number))
    return initials.datagram(0, [quic.crypto(0, hello)], destination=origin)
