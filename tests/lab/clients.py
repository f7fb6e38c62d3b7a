"""A client host: `python -m tests.lab.clients RESOLVER` makes the connections that its standard input lists.

One JSON object a line: `name` (resolved by a real question to the resolver) or `address`, `family` 4 or 6,
`port`, `tls`, `sni` (false: no server_name, and no Host), `upload` and `download` in bytes; `hold` leaves the
connection open until the next line. With `raw`, these bytes (as hex) are all that is sent, over
`transport` "tcp" or "udp", and nobody waits for an answer; with `ask`, that name is asked of the resolver at
`address`. One JSON object a line comes back for each, with the client's own ends if it was a connection.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys

import dns.message
import dns.query
import dns.rdatatype


def resolve(name: str, family: int, resolver: str) -> str:
    """The first address of a name, by one question over UDP."""
    rtype = dns.rdatatype.A if family == 4 else dns.rdatatype.AAAA
    response = dns.query.udp(dns.message.make_query(name, rtype), resolver, timeout=5)
    return next(item.address for rrset in response.answer if rrset.rdtype == rtype for item in rrset)


def connect(job: dict, resolver: str) -> dict:
    """Do one job; what was done."""
    if "ask" in job:
        resolve(job["ask"], 4, job["address"])
        return job
    if "raw" in job:
        return throw(job)
    address = job.get("address") or resolve(job["name"], job["family"], resolver)
    connection = socket.create_connection((address, job["port"]), timeout=10)
    ends = {"client": connection.getsockname()[:2], "server": [address, job["port"]]}
    if job["tls"]:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = context.wrap_socket(connection, server_hostname=job["name"] if job["sni"] else None)
    if job.get("hold"):
        print(json.dumps(job | ends), flush=True)
        sys.stdin.readline()
    conversation = http.client.HTTPConnection(job.get("name") or address)
    conversation.sock = connection
    method, path = ("POST", "/") if job["upload"] else ("GET", f"/{job['download']}")
    conversation.putrequest(method, path, skip_host=not job["sni"])
    if job["upload"]:
        conversation.putheader("Content-Length", str(job["upload"]))
        conversation.endheaders(b"\0" * job["upload"])
        assert int(conversation.getresponse().read()) == job["upload"]
    else:
        conversation.endheaders()
        assert len(conversation.getresponse().read()) == job["download"]
    conversation.close()
    return job | ends


def throw(job: dict) -> dict:
    """Send bytes and go; what was done."""
    kind = socket.SOCK_STREAM if job["transport"] == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as sender:
        sender.connect((job["address"], job["port"]))
        sender.sendall(bytes.fromhex(job["raw"]))
    return job


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(connect(json.loads(line), sys.argv[1])), flush=True)
