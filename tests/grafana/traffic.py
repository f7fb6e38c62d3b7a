"""The traffic of the lab's clients for the dashboards: some of everything that a panel shows."""

from __future__ import annotations

from collections.abc import Iterator

from tests.craft import quic, tls
from tests.lab.network import ADDRESSES, DISPUTED, FRANKFURT

ZURICH, MOSCOW, OTHER = (ADDRESSES[host][0] for host in ("zurich", "moscow", "resolver"))
ROUTER = "192.0.2.1"  # a fallback resolver of the lab's vendor
FILES, UPDATES, OTHERS = "files.acme.example", "eu.updates.acme.example", "www.example.org"
ABROAD, LOST, FORBIDDEN = "cdn.updates.acme.example", "old.updates.acme.example", "in.globex.example"
ZONE = {
    FILES: {"A": [ZURICH]},
    UPDATES: {"A": [ZURICH]},
    ABROAD: {"A": [FRANKFURT]},
    LOST: {"A": [DISPUTED]},
    OTHERS: {"A": [OTHER]},
    FORBIDDEN: {"A": [FRANKFURT]},  # a located address; others in this lab count as sinkholes
}
CALM_ROUNDS, ROUNDS = 14, 40
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
    """A request over TLS; with `address`, to that address, without a look-up."""
    where: Job = {} if address is None else {"address": address}
    shape: Job = {"family": 4, "port": port, "tls": True, "sni": True, "upload": upload, "download": download}
    return {"name": name, **where, **shape}


def blind_spots(number: int) -> Iterator[Job]:
    """Traffic with hidden names, or that cannot be parsed."""
    if number % 4 == 0:
        yield fetch("dns.example.org", address=OTHER, port=853)
        yield {"query": FILES, "address": ROUTER}
        yield {"query": FORBIDDEN, "address": ROUTER}  # its vendor is not contacted
        # The first query to a server has to look like one, so this is a truncated message.
        yield send_raw(bytes.fromhex("12340100000100000000000003777777"), "udp", 53)
    if number % 3 == 0:
        yield fetch(FILES, address=OTHER)  # the vendor's name, at an address that no source locates
        yield send_raw(tls.hello_records(tls.client_hello(OTHERS, ech=True, label=str(number))), "tcp", 443)
        yield send_raw(first_datagram(OTHERS, number), "udp", 443)
    if number % 5 == 0:
        yield fetch(OTHERS, port=443) | {"sni": False}
        yield send_raw(b"SSH-2.0-lab\r\n", "tcp", 443)


def send_raw(data: bytes, transport: str, port: int) -> Job:
    """Raw bytes to a server of no vendor."""
    return {"raw": data.hex(), "transport": transport, "port": port, "address": OTHER}


def first_datagram(name: str, number: int) -> bytes:
    """A QUIC client's first datagram, of version 1 or 2."""
    origin = number.to_bytes(8, "big")
    initials = quic.Initials(origin, quic.V2 if number % 2 else quic.V1)
    hello = tls.client_hello(name, quic=True, alpn=("h3",), label=str(number))
    return initials.datagram(0, [quic.crypto(0, hello)], destination=origin)
