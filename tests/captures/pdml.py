"""ClientHellos and DNS messages in tshark's protocol trees (PDML)."""

from __future__ import annotations

import re

PIECES = (
    "tcp.segment",
    "ip.fragment",
    "ipv6.fragment",
    "tls.segment",
    "quic.crypto.fragment",
    "tls.handshake.fragment",
    "dtls.handshake.fragment",
)
PLAIN = re.compile(r"[A-Za-z0-9_.*-]+\Z")


def kids(node, name):
    return [f.get("show", "") for f in node.iter("field") if f.get("name") == name]


def first(node, name):
    got = kids(node, name)
    return got[0] if got else None


def to_int(text, default=None):
    try:
        return int(text, 0)
    except (TypeError, ValueError):
        return {"True": 1, "False": 0}.get(text, default)


def hello(node, pre, ctx, over, pieces):
    """One ClientHello as truth.jsonl keeps it."""
    pieces = sorted(set(ctx["fragments"] + ctx["segments"] + pieces))
    ext = [to_int(x) for x in kids(node, pre + ".handshake.extension.type")] or [
        to_int(x) for x in kids(node, "tls.handshake.extension.type")
    ]
    names = kids(node, pre + ".handshake.extensions_server_name") or kids(
        node, "tls.handshake.extensions_server_name"
    )
    sni = names[0] if names else None
    if sni is None and 0 in ext:
        sni = ""
    rec = dict(
        ctx["where"],
        frame=ctx["frame"],
        ts=ctx["ts"],
        over=over,
        sni=sni,
        alpn=kids(node, "tls.handshake.extensions_alpn_str"),
        length=to_int(first(node, pre + ".handshake.length"), 0),
        layers=ctx["layers"],
    )
    if len(pieces) > 1:
        rec["pieces"] = pieces  # the frames that the hello was put together from
    if 65037 in ext:
        rec["ech"] = True
    if 65486 in ext:
        rec["esni"] = True
    if len(names) > 1:
        rec["more_names"] = names[1:]
    if ctx["quoted"]:
        rec["quoted"] = True
    return rec


def dns_message(node, ctx, kind):  # noqa: PLR0912 - a record has many shapes
    """One DNS message as truth.jsonl keeps it."""
    flags = next((f for f in node.iter("field") if f.get("name") == "dns.flags"), None)
    # mDNS's "unicast response" and LLMNR's bits stay under dns.flags too
    get = (lambda n: to_int(first(flags, n))) if flags is not None else (lambda n: None)
    rec = dict(
        ctx["where"],
        frame=ctx["frame"],
        ts=ctx["ts"],
        kind=kind,
        id=to_int(first(node, "dns.id")),
        response=get("dns.flags.response"),
        opcode=get("dns.flags.opcode"),
        rcode=get("dns.flags.rcode"),
        tc=get("dns.flags.truncated"),
        queries=[],
        answers=[],
        counts=[
            to_int(first(node, "dns.count." + c), 0) for c in ("queries", "answers", "auth_rr", "add_rr")
        ],
        layers=ctx["layers"],
    )
    pieces = sorted(set(ctx["fragments"] + ctx["segments"]))
    if len(pieces) > 1:
        rec["pieces"] = pieces
    if ctx["over_tls"]:
        rec["decrypted"] = True
    if ctx["quoted"]:
        rec["quoted"] = True
    for section in node:
        show = section.get("show") or section.get("showname") or ""
        if section.get("name") != "":
            continue
        for rr in section:
            own = {}
            for f in rr.iter("field"):
                own.setdefault(f.get("name"), []).append(f.get("show", ""))
            if "dns.qry.name" in own:
                query = {
                    "name": own["dns.qry.name"][0],
                    "type": to_int(own.get("dns.qry.type", [None])[0]),
                    "class": to_int(own.get("dns.qry.class", [None])[0]),
                }
                if not PLAIN.match(query["name"]):
                    # tshark's text loses bytes here: the wire form, pointers unresolved
                    query["raw"] = next(
                        (f.get("value", "") for f in rr.iter("field") if f.get("name") == "dns.qry.name"), ""
                    )
                rec["queries"].append(query)
            elif "dns.resp.name" in own and show.startswith("Answers"):
                rtype = to_int(own.get("dns.resp.type", [None])[0])
                ans = {
                    "name": own["dns.resp.name"][0],
                    "type": rtype,
                    "ttl": to_int(own.get("dns.resp.ttl", [None])[0]),
                }
                if rtype == 1:
                    ans["data"] = own.get("dns.a", [None])[0]
                elif rtype == 28:
                    ans["data"] = own.get("dns.aaaa", [None])[0]
                elif rtype == 5:
                    ans["data"] = own.get("dns.cname", [None])[0]
                elif rtype in (64, 65):
                    ans["data"] = own.get("dns.svcb.targetname", [None])[0]
                    ans["hints"] = own.get("dns.svcb.svcparam.ipv4hint.ip", []) + own.get(
                        "dns.svcb.svcparam.ipv6hint.ip", []
                    )
                    ans["ech"] = "dns.svcb.svcparam.echconfig" in own
                else:
                    continue
                rec["answers"].append(ans)
    return rec


def walk(node, ctx, rec):  # noqa: PLR0912 - a tree has many kinds of nodes
    """Follow the protocol tree in its order, keeping the innermost endpoints."""
    for child in node:
        name = child.get("name", "")
        if child.tag == "proto":
            if name in ("ip", "ipv6"):
                ctx["addr"] = (first(child, name + ".src"), first(child, name + ".dst"))
            elif name in ("icmp", "icmpv6"):
                ctx["quoted"] = True
            elif name in ("tcp", "udp", "sctp"):
                src, dst = ctx["addr"]
                ctx["where"] = {
                    "proto": name,
                    "src": src,
                    "dst": dst,
                    "sport": to_int(first(child, name + ".srcport")),
                    "dport": to_int(first(child, name + ".dstport")),
                    "stream": to_int(first(child, name + ".stream"), -1),
                }
                ctx["segments"], ctx["over"], ctx["over_tls"] = [], name, False
            if name in ("quic", "gquic"):  # Q050 has its CHLO in a "quic" packet
                ctx["over"] = "quic"
                sni = kids(child, "gquic.tag.sni")
                if sni:
                    rec["gquic_chlo"].append(
                        dict(
                            ctx["where"],
                            frame=ctx["frame"],
                            ts=ctx["ts"],
                            over="gquic",
                            sni=sni[0],
                            layers=ctx["layers"],
                        )
                    )
                if name == "gquic":
                    continue
            if name in ("tls", "dtls"):
                over = "dtls" if name == "dtls" else ctx["over"]
                pieces = []
                for hs in child.iter("field"):
                    if hs.get("name") in PIECES:
                        pieces += [n for n in [to_int(hs.get("show"))] if n]
                    elif hs.get("name") == name + ".handshake" and any(
                        k.get("name") == name + ".handshake.type" and to_int(k.get("show")) == 1 for k in hs
                    ):
                        rec["client_hellos"].append(hello(hs, name, ctx, over, pieces))
                        pieces = []
                ctx["over_tls"] = True
                continue
            if name in ("dns", "mdns", "llmnr"):
                rec["dns"].append(dns_message(child, ctx, name))
                continue
        elif name in PIECES:
            num = to_int(child.get("show"))
            if num:
                ctx["fragments" if name.startswith("ip") else "segments"].append(num)
        walk(child, ctx, rec)
