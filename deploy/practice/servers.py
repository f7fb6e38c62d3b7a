"""The internet of the practice network: `servers.py FOLDER` serves DNS, and HTTPS with the certificate there.

Prints "ready" once it listens.
"""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import sys
import threading
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

ZONE = {"node1.files.acme.example.": "198.51.100.10", "node2.files.acme.example.": "203.0.113.20"}
TTL_S = 60


class Uploads(http.server.BaseHTTPRequestHandler):
    """Accepts any upload."""

    def do_POST(self) -> None:
        """Reads the file."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


def answer(data: bytes) -> bytes:
    """The answer to a query. Raises DNSException for what is none."""
    query = dns.message.from_wire(data)
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    question = query.question[0]
    address = ZONE.get(question.name.to_text().lower())
    if address is None:
        response.set_rcode(dns.rcode.NXDOMAIN)
    elif question.rdtype == dns.rdatatype.A:
        response.answer.append(dns.rrset.from_text(question.name, TTL_S, "IN", "A", address))
    return response.to_wire()


def serve_names() -> None:
    """Answers queries until the process ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("192.0.2.53", 53))
        while True:
            data, client = server.recvfrom(4096)
            with contextlib.suppress(dns.exception.DNSException, IndexError):
                server.sendto(answer(data), client)


def main(folder: Path) -> None:
    """Serves until it is stopped."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 443), Uploads)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=serve_names, daemon=True).start()
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
