"""Python's ssl module: `python -m tests.clients.tls_client NAME` connects and prints the TLS version."""

from __future__ import annotations

import socket
import ssl
import sys

if __name__ == "__main__":
    name = sys.argv[1]
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((name, 443), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        print(secure.version())
