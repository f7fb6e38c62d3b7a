"""Packets of a load: frames with correct lengths, ClientHellos, QUIC Initials, DNS messages."""

from __future__ import annotations

import itertools
import struct

from tests.craft.quic import Initials, crypto


def checksum(data):
    """Internet checksum: the 16-bit ones' complement sum is the number mod 65535."""
    if len(data) & 1:
        data += b"\0"
    s = int.from_bytes(data, "big") % 65535
    return (~s) & 0xFFFF if s else (0 if any(data) else 0xFFFF)


class Pair:
    """One direction of a flow: makes frames, with the fixed part cached by length."""

    def __init__(self, eth, src, dst, *, proto, sport, dport):
        self.v6, self.proto = len(src) == 16, proto
        self.eth, self.src, self.dst = eth, src, dst
        self.ports = struct.pack("!HH", sport, dport)
        self.heads = {}

    def head(self, size):
        """Ethernet and IP for `size` bytes of transport header and payload, then ports."""
        got = self.heads.get(size)
        if got is None:
            if self.v6:
                ip = struct.pack("!IHBB", 0x60000000, size, self.proto, 64) + self.src + self.dst
            else:
                ip = struct.pack("!BBHHHBBH", 0x45, 0, size + 20, 0, 0x4000, 64, self.proto, 0)
                ip += self.src + self.dst
                ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
            if len(self.heads) > 64:
                self.heads.clear()
            got = self.heads[size] = self.eth + ip + self.ports
        return got

    def tcp(self, seq, ack, flags, payload=b"", options=b""):
        """A frame with a TCP segment; its checksum is 0, as with checksum offload."""
        off = (20 + len(options)) << 2
        size = 20 + len(options) + len(payload)
        tail = struct.pack("!IIBBHHH", seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, off, flags, 501, 0, 0)
        return b"".join((self.head(size), tail, options, payload))

    def udp(self, payload):
        """A frame with a UDP datagram."""
        size = 8 + len(payload)
        c = 0
        if self.v6:  # over IPv6 the checksum is mandatory (RFC 8200, section 8.1)
            pseudo = self.src + self.dst + struct.pack("!II", size, self.proto)
            c = checksum(pseudo + self.ports + struct.pack("!HH", size, 0) + bytes(payload)) or 0xFFFF
        return b"".join((self.head(size), struct.pack("!HH", size, c), payload))


def ext(kind, body):
    """A TLS extension."""
    return struct.pack("!HH", kind, len(body)) + body


def client_hello(rng, name, big, quic=False):
    """A browser-like ClientHello, in a TLS record unless for QUIC; `big` adds a post-quantum share."""
    host = name.encode()
    sni = ext(0, struct.pack("!HBH", len(host) + 3, 0, len(host)) + host)
    shares = struct.pack("!HH", 0x001D, 32) + rng.randbytes(32)
    groups = struct.pack("!HHH", 0x001D, 0x0017, 0x0018)
    if big:
        shares = struct.pack("!HH", 0x11EC, 1216) + rng.randbytes(1216) + shares
        groups = struct.pack("!H", 0x11EC) + groups
    alpn = b"\x02h3" if quic else b"\x02h2\x08http/1.1"
    parts = [
        ext(0xFF01, b"\0"),
        ext(23, b""),
        ext(10, struct.pack("!H", len(groups)) + groups),
        ext(11, b"\x01\x00"),
        ext(35, b""),
        ext(16, struct.pack("!H", len(alpn)) + alpn),
        ext(5, b"\x01\0\0\0\0"),
        ext(13, bytes.fromhex("001004030804040105030805050108060601")),
        ext(51, struct.pack("!H", len(shares)) + shares),
        ext(45, b"\x01\x01"),
        ext(43, b"\x04\x03\x04\x03\x03"),
    ]
    if quic:
        parts[:2] = [ext(57, b"\x01\x04\x80\x00\x75\x30\x04\x04\x80\xf0\x00\x00\x08\x02\x40\x64\x0f\x00")]
    rng.shuffle(parts)
    parts.insert(rng.randrange(len(parts) + 1), sni)
    exts = b"".join(parts)
    suites = bytes.fromhex("130113021303c02bc02fc02cc030cca9cca8c013c014009c009d002f0035")
    body = b"\x03\x03" + rng.randbytes(32) + (b"\0" if quic else b"\x20" + rng.randbytes(32))
    body += struct.pack("!H", len(suites)) + suites + b"\x01\0"
    space = 512 - len(body) - 2 - len(exts) - 4
    if space > 4:
        exts += ext(21, bytes(space - 4))
    body += struct.pack("!H", len(exts)) + exts
    hs = b"\x01" + len(body).to_bytes(3, "big") + body
    if quic:
        return hs
    return b"\x16\x03\x01" + struct.pack("!H", len(hs)) + hs


def quic_initials(rng, name, big, shuffle):
    """Client Initial datagrams that carry a ClientHello (QUIC version 1: RFC 9001, section 5)."""
    dcid = rng.randbytes(8)
    initials = Initials(dcid)
    hello = client_hello(rng, name, big, quic=True)
    out = []
    for number, group in enumerate(_shuffled(rng, hello) if shuffle else _in_order(hello)):
        body = b""
        for offset, data in group:
            body += crypto(offset, data)
            if shuffle and rng.random() < 0.5:
                body += rng.choice((b"\x01", b"\0" * rng.randrange(1, 20)))
        out.append(initials.packet(number, body.ljust(1250 - 44, b"\0"), destination=dcid))
    return out


def _in_order(hello):
    """CRYPTO frames for each Initial, one after the other."""
    return [[(i, hello[i : i + 1100])] for i in range(0, len(hello), 1100)]


def _shuffled(rng, hello):
    """The same in the way of Chrome: small CRYPTO frames in any order."""
    cuts = [0, *sorted(rng.sample(range(1, len(hello)), 5)), len(hello)]
    small = [(i, hello[i:j]) for i, j in itertools.pairwise(cuts)]
    rng.shuffle(small)
    groups, space = [[]], 1080
    for start, data in small:
        done = 0
        while done < len(data):
            if space < 40:
                groups.append([])
                space = 1080
            take = min(len(data) - done, space - 8)
            groups[-1].append((start + done, data[done : done + take]))
            done, space = done + take, space - take - 8
    return groups


def server_flight(rng, pool):
    """ServerHello, change_cipher_spec, and encrypted records: about 3.6 kB."""
    hello = b"".join((b"\x03\x03", rng.randbytes(32), b"\x20", rng.randbytes(32), b"\x13\x01\0"))
    share = b"\0\x1d\0\x20" + rng.randbytes(32)
    hello += struct.pack("!H", 46) + ext(43, b"\x03\x04") + ext(51, share)
    message = b"\x02" + len(hello).to_bytes(3, "big") + hello
    start = rng.randrange(1 << 16)
    encrypted = b"\x17\x03\x03" + struct.pack("!H", 3450) + bytes(pool[start : start + 3450])
    return b"\x16\x03\x03" + struct.pack("!H", len(message)) + message + b"\x14\x03\x03\0\x01\x01" + encrypted


def dns_name(name):
    """A name in wire format."""
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"


EDNS = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)


def dns_exchange(rng, name, qtype, address, alias):
    """A query and its response: a CNAME if given, then the address if there is one of that type."""
    number = rng.getrandbits(16)
    question = dns_name(name) + struct.pack("!HH", qtype, 1)
    query = struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 1) + question + EDNS
    records, owner = [], b"\xc0\x0c"
    if alias:
        target = dns_name(alias)
        records.append(owner + struct.pack("!HHIH", 5, 1, 300, len(target)) + target)
        owner = target
    if address is not None:
        records.append(
            owner + struct.pack("!HHIH", qtype, 1, rng.randrange(20, 3600), len(address)) + address
        )
    head = struct.pack("!HHHHHH", number, 0x8180, 1, len(records), 0, 1)
    return query, head + question + b"".join(records) + EDNS
