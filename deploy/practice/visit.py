"""A machine of the practice network's office: `visit.py RESOLVER NAME BYTES` uploads a file over TLS."""

from __future__ import annotations

import http.client
import socket
import ssl
import sys

import dns.exception
import dns.resolver


def main(resolver: str, name: str, size: int) -> None:
    """Looks up the name at the resolver, and uploads that many bytes there."""
    names = dns.resolver.Resolver(configure=False)
    names.nameservers = [resolver]
    address = names.resolve(name, "A")[0].to_text()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the certificate is its own
    connection = http.client.HTTPConnection(name)
    opened = socket.create_connection((address, 443), timeout=10)
    connection.sock = context.wrap_socket(opened, server_hostname=name)
    connection.request("POST", "/", bytes(size))
    connection.getresponse().read()
    connection.close()
    print(f"uploaded {size} bytes to {name}, which is {address}")


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    except (dns.exception.DNSException, OSError) as error:
        sys.exit(f"visit.py: {sys.argv[2]}: {error}; is the network up?")
