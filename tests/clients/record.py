"""Records the hellos of current clients to a local server, in namespaces without any other connection.

python -m tests.clients.record     rewrites tests/clients/*.pcap, clients.json and README.md (as root)

A capture holds the first packets of one connection. tshark reads the contents of its hello.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.clients.wire import Wire
from tests.lab.lab import write_certificate

FOLDER = Path(__file__).parent
PROGRAMS = ("chromium", "curl", "ethtool", "ip", "openssl", "tcpdump", "tshark", "wget")
PACKETS = 8  # kept of each connection
GROUPS = {0x001D: "x25519", 0x0017: "secp256r1", 0x11EC: "X25519MLKEM768"}
ECH = "65037"  # the extension's number (RFC 9849)
CHROMIUM = (
    "chromium",
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-sync", "--disable-background-networking", "--disable-component-update"),
    "--user-data-dir={folder}/{capture}",
    "--ignore-certificate-errors-spki-list={key_hash}",
    "--origin-to-force-quic-on={quic}:443",
    *("--dump-dom", "https://{name}/"),
)
CHROMIUM_VERSION = ("chromium", "--no-sandbox", "--version")
AIOQUIC_VERSION = (sys.executable, "-c", "import aioquic as a; print('aioquic', a.__version__)")


@dataclass(frozen=True, slots=True)
class Client:
    """The command of a client, with placeholders in braces, and the command that prints its version."""

    capture: str
    command: tuple[str, ...]
    version: tuple[str, ...]
    transport: str = "tcp"

    @property
    def name(self) -> str:
        """The server name that only this client requests."""
        return f"{self.capture.replace('_', '-')}.clients.example"


CLIENTS = (
    Client("chromium", CHROMIUM, CHROMIUM_VERSION),
    Client("chromium_quic", CHROMIUM, CHROMIUM_VERSION, "udp"),
    Client("curl", ("curl", "-sk", "-4", "https://{name}/"), ("curl", "--version")),
    Client("curl_ipv6", ("curl", "-sk", "-6", "https://{name}/"), ("curl", "--version")),
    Client(
        "wget",
        ("wget", "-qO-", "-T", "10", "-t", "1", "--no-check-certificate", "https://{name}/"),
        ("wget", "--version"),
    ),
    Client(
        "openssl",
        ("openssl", "s_client", "-connect", "{name}:443", "-servername", "{name}"),
        ("openssl", "version"),
    ),
    Client(
        "python_ssl",
        (sys.executable, "-m", "tests.clients.tls_client", "{name}"),
        (
            sys.executable,
            "-c",
            "import ssl, sys; print('Python', sys.version.split()[0], ssl.OPENSSL_VERSION)",
        ),
    ),
    Client("aioquic", (sys.executable, "-m", "tests.clients.quic_client", "{name}"), AIOQUIC_VERSION, "udp"),
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What tshark says about the hello in a capture."""

    capture: str
    client: str  # the program with its version
    name: str
    transport: str
    hello_bytes: int  # of the ClientHello message
    packets: int  # of the client that carry it
    key_shares: tuple[str, ...]
    ech: bool  # the extension is present; without an HTTPS record it is GREASE
    alpn: tuple[str, ...]


def record(folder: Path) -> list[Recorded]:
    """Runs every client once. Returns the contents of their captures."""
    with Wire(client.name for client in CLIENTS) as wire, tempfile.TemporaryDirectory() as scratch:
        certificate, key = write_certificate(Path(scratch))
        for server in ("tests.lab.servers web", "tests.clients.quic_server"):
            words = (sys.executable, "-m", *server.split(), str(certificate), str(key))
            wire.start("server", *words, until="ready")
        quic = next(c.name for c in CLIENTS if c.capture == "chromium_quic")
        fill = {"folder": scratch, "key_hash": _key_hash(certificate), "quic": quic}
        return [_record(wire, client, folder, fill) for client in CLIENTS]


def _record(wire: Wire, client: Client, folder: Path, fill: dict[str, str]) -> Recorded:
    path = folder / f"{client.capture}.pcap"
    what = f"{client.transport} port 443"
    words = (
        "tcpdump",
        "-i",
        "eth0",
        "-U",
        "--immediate-mode",
        "-s",
        "0",
        "-Z",
        "root",
        "-w",
        str(path),
        what,
    )
    dump = wire.start("client", *words, until="listening on", stream="stderr")
    fill = fill | {"name": client.name, "capture": client.capture}
    command = [word.format(**fill) for word in client.command]
    done = wire.run("client", *command, timeout=25, input="")
    dump.terminate()
    dump.wait(timeout=10)
    path.write_bytes(first_packets(path.read_bytes(), client.transport))
    found = describe(path, client)
    if found is None:
        raise RuntimeError(f"{' '.join(command)}: no hello was recorded: {done.stderr.strip()[-300:]}")
    return found


def first_packets(capture: bytes, transport: str) -> bytes:
    """The first packets of the first connection in a capture of Ethernet frames."""
    kept, first, at = [capture[:24]], None, 24
    while at < len(capture) and len(kept) <= PACKETS:
        size = struct.unpack_from("<I", capture, at + 8)[0]
        frame = capture[at + 16 : at + 16 + size]
        ports = frame[34:38] if frame[12:14] == b"\x08\x00" else frame[54:58]
        ends = {ports[:2], ports[2:]}
        first = first or ends
        if ends == first:
            kept.append(capture[at : at + 16 + size])
        at += 16 + size
    return b"".join(kept)


def describe(path: Path, client: Client) -> Recorded | None:
    """What tshark reads in the capture; None if no hello has the client's name."""
    fields = {
        "name": "tls.handshake.extensions_server_name",
        "length": "tls.handshake.length",
        "groups": "tls.handshake.extensions_key_share_group",
        "extensions": "tls.handshake.extension.type",
        "alpn": "tls.handshake.extensions_alpn_str",
        "segments": "tcp.segment.count",
    }
    words = [word for field in fields.values() for word in ("-e", field)]
    command = ["tshark", "-n", "-r", str(path), "-Y", "tls.handshake.type == 1", "-Tfields", *words]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    if len(lines) != 1:
        return None
    found = dict(zip(fields, lines[0].split("\t"), strict=True))
    if found["name"] != client.name:
        return None
    groups = [int(group) for group in found["groups"].split(",") if group]
    return Recorded(
        capture=path.name,
        client=_version(client),
        name=client.name,
        transport=client.transport,
        hello_bytes=4 + int(found["length"].split(",")[0]),
        packets=int(found["segments"] or 1) if client.transport == "tcp" else _initials(path),
        key_shares=tuple(GROUPS[group] for group in groups if group in GROUPS),
        ech=ECH in found["extensions"].split(","),
        alpn=tuple(filter(None, found["alpn"].split(","))),
    )


def _initials(path: Path) -> int:
    """The client's Initial packets with CRYPTO frames up to the one that completes the hello."""
    shown = "quic.crypto.offset && udp.dstport == 443"
    fields = ("-e", "frame.number", "-e", "tls.handshake.extensions_server_name")
    command = ["tshark", "-n", "-r", str(path), "-Y", shown, "-Tfields", *fields]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.split("\t")[1])


def _version(client: Client) -> str:
    printed = subprocess.run(client.version, capture_output=True, text=True, check=True).stdout.splitlines()[
        0
    ]
    return re.sub(r" (built on|\(Library|\(x86|\d+ \w{3} 20).*", "", printed).strip()


def _key_hash(certificate: Path) -> str:
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    encoded = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(encoded).digest()).decode()


def readme(rows: list[Recorded]) -> str:
    """The table as Markdown."""
    lines = [
        "# Hellos of current clients",
        "",
        "The first packets of one connection of each client, recorded by `python -m tests.clients.record`",
        "against servers in network namespaces, and the contents of the hello as read by tshark. The names",
        "have no HTTPS records, so each ECH extension is GREASE.",
        "",
        "| capture | client | over | hello, bytes | packets | key shares | ECH extension | ALPN |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        over = "TCP" if row.transport == "tcp" else "QUIC"
        cells = (
            row.capture,
            row.client,
            over,
            row.hello_bytes,
            row.packets,
            ", ".join(row.key_shares) or "–",
        )
        ends = ("yes" if row.ech else "no", ", ".join(row.alpn) or "–")
        lines.append("| " + " | ".join(map(str, cells + ends)) + " |")
    return "\n".join(lines) + "\n"


def read_table() -> list[Recorded]:
    """The committed table."""
    rows = json.loads((FOLDER / "clients.json").read_text(encoding="utf-8"))
    return [
        Recorded(**{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()})
        for row in rows
    ]


def main() -> None:
    """Rewrites the captures and tables."""
    rows = record(FOLDER)
    text = json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False)
    (FOLDER / "clients.json").write_text(text + "\n", encoding="utf-8")
    (FOLDER / "README.md").write_text(readme(rows), encoding="utf-8")
    print(readme(rows))


if __name__ == "__main__":
    main()
