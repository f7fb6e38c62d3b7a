"""The lab's servers: `python -m tests.lab.servers dns ZONE` and `… web CERTIFICATE KEY`.

Each prints one line, "ready", once it listens.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import socket
import ssl
import sys
import threading
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

TTL_S = 60


def serve_dns(zone_file: str) -> None:
    """Serves a JSON zone over UDP: name → {"A": […], "AAAA": […], "CNAME": name}."""
    zone = json.loads(Path(zone_file).read_text(encoding="utf-8"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", 53))
        print("ready", flush=True)
        while True:
            data, client = server.recvfrom(4096)
            with contextlib.suppress(dns.exception.DNSException):  # a client may send anything
                server.sendto(_answer(data, zone), client)


def _answer(data: bytes, zone: dict) -> bytes:
    query = dns.message.from_wire(data)
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    question = query.question[0]
    name = question.name.to_text(omit_final_dot=True).lower()
    if name not in zone:
        response.set_rcode(dns.rcode.NXDOMAIN)
    while name in zone and "CNAME" in zone[name]:
        alias = zone[name]["CNAME"]
        response.answer.append(dns.rrset.from_text(f"{name}.", TTL_S, "IN", "CNAME", f"{alias}."))
        name = alias
    rtype = question.rdtype.name
    for address in zone.get(name, {}).get(rtype, ()):
        response.answer.append(dns.rrset.from_text(f"{name}.", TTL_S, "IN", rtype, address))
    return response.to_wire()


class Pages(http.server.BaseHTTPRequestHandler):
    """GET /N returns N bytes; POST accepts any body and returns its length."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Sends the number of bytes in the path."""
        wanted = re.fullmatch(r"/(\d+)", self.path)
        self._reply(b"\0" * int(wanted.group(1)) if wanted else b"")

    def do_POST(self) -> None:
        """Reads a body and sends its length."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._reply(str(len(body)).encode())

    def _reply(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Logs nothing: the tests look at the traffic."""


class DualStack(http.server.ThreadingHTTPServer):
    """One socket for both address families."""

    address_family = socket.AF_INET6
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignores clients that do not speak TLS; anything else is an error in the lab."""
        if not isinstance(sys.exception(), ssl.SSLError | ConnectionError):
            super().handle_error(request, client_address)


def serve_web(certificate: str, key: str) -> None:
    """HTTP on port 80, HTTPS on port 443, and the same on the port of DNS over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    plain, secure, dns_over_tls = (DualStack(("::", port), Pages) for port in (80, 443, 853))
    for one in (secure, dns_over_tls):
        # Each connection's own thread does the handshake, at its first read.
        one.socket = context.wrap_socket(one.socket, server_side=True, do_handshake_on_connect=False)
    for one in (plain, dns_over_tls):
        threading.Thread(target=one.serve_forever, daemon=True).start()
    print("ready", flush=True)
    secure.serve_forever()


if __name__ == "__main__":
    {"dns": serve_dns, "web": serve_web}[sys.argv[1]](*sys.argv[2:])
