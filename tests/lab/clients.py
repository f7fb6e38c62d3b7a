"""A client host: `python -m tests.lab.clients RESOLVER` opens the connections listed on its standard input.

Each line is a JSON object: `name` (resolved by a real query to the resolver) or `address`, `family` 4 or 6,
`port`, `tls`, `sni` (false: no server_name, and no Host), `upload` and `download` in bytes; `hold` keeps the
connection open until the next line. With `raw`, only these bytes (in hex) are sent, over `transport` "tcp"
or "udp", without waiting for a response; with `query`, that name is queried at the resolver `address`. For
each line a JSON object is printed, with both ends if it was a connection.
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
    """The first address of a name, from one query over UDP."""
    rtype = dns.rdatatype.A if family == 4 else dns.rdatatype.AAAA
    response = dns.query.udp(dns.message.make_query(name, rtype), resolver, timeout=5)
    return next(item.address for rrset in response.answer if rrset.rdtype == rtype for item in rrset)


def connect(job: dict, resolver: str) -> dict:
    """Does one job. Returns the job, with the ends of its connection."""
    if "query" in job:
        resolve(job["query"], 4, job["address"])
        return job
    if "raw" in job:
        return send_raw(job)
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
    request = http.client.HTTPConnection(job.get("name") or address)
    request.sock = connection
    method, path = ("POST", "/") if job["upload"] else ("GET", f"/{job['download']}")
    request.putrequest(method, path, skip_host=not job["sni"])
    if job["upload"]:
        request.putheader("Content-Length", str(job["upload"]))
        request.endheaders(b"\0" * job["upload"])
        assert int(request.getresponse().read()) == job["upload"]
    else:
        request.endheaders()
        assert len(request.getresponse().read()) == job["download"]
    request.close()
    return job | ends


def send_raw(job: dict) -> dict:
    """Sends bytes without waiting for a response. Returns the job."""
    kind = socket.SOCK_STREAM if job["transport"] == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as sender:
        sender.connect((job["address"], job["port"]))
        sender.sendall(bytes.fromhex(job["raw"]))
    return job


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(connect(json.loads(line), sys.argv[1])), flush=True)
