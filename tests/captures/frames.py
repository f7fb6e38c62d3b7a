"""Packets, bytes and flows of a capture, from one line of tshark's fields for each frame."""

from __future__ import annotations

FIELDS = [
    "frame.number",
    "frame.time_epoch",
    "frame.len",
    "frame.cap_len",
    "frame.protocols",
    "frame.encap_type",
    "frame.interface_id",
    "ip.src",
    "ip.dst",
    "ip.len",
    "ipv6.src",
    "ipv6.dst",
    "ipv6.plen",
    "ip.fragment",
    "ipv6.fragment",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.stream",
    "tcp.len",
    "udp.srcport",
    "udp.dstport",
    "udp.stream",
    "udp.length",
    "_ws.expert.group",
    "quic.long.packet_type",
    "quic.long.packet_type_v2",
]
APPS = ("tls", "quic", "gquic", "dtls", "dns", "mdns", "llmnr")
PREFS = ["-d", "udp.port==8472,vxlan"]
for _preference in (
    "tcp.desegment_tcp_streams",
    "tcp.reassemble_out_of_order",
    "tls.desegment_ssl_records",
    "tls.desegment_ssl_application_data",
    "ip.defragment",
    "ipv6.defragment",
):
    PREFS += ["-o", f"{_preference}:TRUE"]
MALFORMED = 0x07000000  # tshark's expert group "Malformed"


def ints(text):
    out = []
    for part in text.split(";"):
        try:
            out.append(int(part, 0))
        except ValueError:
            out.append(None)
    return [x for x in out if x is not None]


def strs(text):
    return text.split(";") if text else []


def locate(protocols, row):
    """Innermost transport of a frame, or None; an ICMP error's quoted packet is not followed.

    (proto, src, sport, dst, dport, stream, IP bytes, payload, application layers after it)
    """
    ip = list(zip(strs(row["ip.src"]), strs(row["ip.dst"]), strict=False))
    iplen = ints(row["ip.len"])
    ip6 = list(zip(strs(row["ipv6.src"]), strs(row["ipv6.dst"]), strict=False))
    plen = ints(row["ipv6.plen"])
    tcp = list(zip(ints(row["tcp.srcport"]), ints(row["tcp.dstport"]), strict=False))
    udp = list(zip(ints(row["udp.srcport"]), ints(row["udp.dstport"]), strict=False))
    tst, ust = ints(row["tcp.stream"]), ints(row["udp.stream"])
    tl, ul = ints(row["tcp.len"]), ints(row["udp.length"])
    n = {"ip": 0, "ipv6": 0, "tcp": 0, "udp": 0}
    addr, size, found = None, 0, None
    for tok in protocols.split(":"):
        if tok in ("icmp", "icmpv6"):
            break
        if tok == "ip" and n["ip"] < len(ip):
            addr = ip[n["ip"]]
            size = iplen[n["ip"]] if n["ip"] < len(iplen) else 0
            n["ip"] += 1
        elif tok == "ipv6" and n["ipv6"] < len(ip6):
            addr = ip6[n["ipv6"]]
            size = plen[n["ipv6"]] + 40 if n["ipv6"] < len(plen) else 0
            n["ipv6"] += 1
        elif tok == "tcp" and n["tcp"] < len(tcp) and addr:
            i = n["tcp"]
            found = [
                "tcp",
                addr[0],
                tcp[i][0],
                addr[1],
                tcp[i][1],
                tst[i] if i < len(tst) else -1,
                size,
                tl[i] if i < len(tl) else 0,
                [],
            ]
            n["tcp"] += 1
        elif tok == "udp" and n["udp"] < len(udp) and addr:
            i = n["udp"]
            found = [
                "udp",
                addr[0],
                udp[i][0],
                addr[1],
                udp[i][1],
                ust[i] if i < len(ust) else -1,
                size,
                max(0, ul[i] - 8) if i < len(ul) else 0,
                [],
            ]
            n["udp"] += 1
        elif found and tok in APPS:
            found[8].append(tok)
    return found


def innermost_ip_bytes(row):
    """Length of the innermost IP packet of a frame without a transport header: of a fragment."""
    lengths = ints(row["ip.len"]) + [length + 40 for length in ints(row["ipv6.plen"])]
    return lengths[-1] if lengths else 0


def add(counts, more):
    """Add numbers to those in the same places."""
    for place, number in enumerate(more):
        counts[place] += number


def flow_key(proto, src, sport, dst, dport):
    """The same for both directions of a flow."""
    return (proto, *min((src, sport), (dst, dport)), *max((src, sport), (dst, dport)))


def pass_frames(ts, path, rec, flows):
    """Count a capture's frames into `rec` and its flows into `flows`; exit code and complaints."""
    args = [
        "-r",
        path,
        *PREFS,
        "-T",
        "fields",
        "-E",
        "separator=/t",
        "-E",
        "occurrence=a",
        "-E",
        "aggregator=;",
        *(f"-e{f}" for f in FIELDS),
    ]
    rc, out, err = ts.run(args)
    layers, encaps, ifaces, malformed, short = {}, {}, set(), [], []
    in_parts = {}  # packets, wire bytes and IP bytes of the frames that are but a fragment
    packets = bytes_ = captured = cut = fragments = biggest = 0
    times = []
    for line in out.decode("utf8", "replace").splitlines():
        cols = line.split("\t")
        if len(cols) != len(FIELDS):
            continue
        row = dict(zip(FIELDS, cols, strict=True))
        num, size = int(row["frame.number"]), int(row["frame.len"])
        packets += 1
        bytes_ += size
        captured += int(row["frame.cap_len"])
        cut += int(row["frame.cap_len"]) < size
        biggest = max(biggest, size)
        if row["frame.time_epoch"]:
            times.append(row["frame.time_epoch"])
        encaps[row["frame.encap_type"]] = encaps.get(row["frame.encap_type"], 0) + 1
        ifaces.add(row["frame.interface_id"])
        toks = row["frame.protocols"].split(":")
        for t in set(toks):
            layers[t] = layers.get(t, 0) + 1
        malformed += [num] * (MALFORMED in ints(row["_ws.expert.group"]) or "_ws.malformed" in toks)
        short += [num] * ("_ws.short" in toks)
        where = locate(row["frame.protocols"], row)
        if where is None:
            fragments += "ip" in toks or "ipv6" in toks
            in_parts[num] = (1, size, innermost_ip_bytes(row))
            continue
        proto, src, sport, dst, dport, stream, iplen, pay, apps = where
        key = flow_key(proto, src, sport, dst, dport)
        fresh = {
            "proto": proto,
            "src": src,
            "sport": sport,
            "dst": dst,
            "dport": dport,
            "first_frame": num,
            "apps": set(),
            "streams": set(),
            "quic_initial_frames": 0,
            "layers": "",
            "fwd": [0, 0, 0, 0],
            "rev": [0, 0, 0, 0],
            "first_ts": row["frame.time_epoch"],
            "sni": set(),
        }
        fl = flows.setdefault(key, fresh)
        side = fl["fwd"] if (src, sport) == (fl["src"], fl["sport"]) else fl["rev"]
        add(side, (1, size, iplen, pay))
        # tshark shows a datagram in the frame that completes it; its other fragments are the flow's, too.
        for number in ints(row["ip.fragment"]) + ints(row["ipv6.fragment"]):
            add(side, in_parts.pop(number, ()))
        fl["streams"].add(stream)
        fl["last_ts"] = row["frame.time_epoch"]
        if apps and not fl["layers"]:
            fl["layers"] = row["frame.protocols"]
        fl["apps"].update(apps)
        if 0 in ints(row["quic.long.packet_type"]) or 1 in ints(row["quic.long.packet_type_v2"]):
            fl["quic_initial_frames"] += 1
    rec.update(
        packets=packets,
        bytes=bytes_,
        captured_bytes=captured,
        cut_frames=cut,
        max_frame=biggest,
        first_ts=min(times, key=float) if times else None,
        last_ts=max(times, key=float) if times else None,
        encap_types={k: encaps[k] for k in sorted(encaps)},
        interfaces=len(ifaces),
        layers={k: layers[k] for k in sorted(layers)},
        malformed_frames=malformed,
        short_frames=short,
        ip_frames_without_transport=fragments,
    )
    return rc, err
