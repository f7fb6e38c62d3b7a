"""Packets, bytes and flows of a capture, in the form of truth.jsonl."""

from __future__ import annotations

from netmon.verify.frames import (
    FIELDS,
    FrameFlows,
    find_innermost,
    flow_key,
    is_malformed,
    numbers,
    protocols,
)
from netmon.verify.tshark import DECODE_AS, PREFERENCES

MORE_FIELDS = (
    *("frame.encap_type", "frame.interface_id"),
    *("quic.long.packet_type", "quic.long.packet_type_v2"),
)


def options(preferences):
    """Command-line options that set these preferences."""
    return [word for name, value in preferences.items() for word in ("-o", f"{name}:{value}")]


def decode_as(protocols_of):
    """Command-line options that decode these ports as these protocols."""
    return [word for what, name in protocols_of.items() for word in ("-d", f"{what},{name}")]


BEST = (*options(PREFERENCES), *decode_as(DECODE_AS))


def rows(out, fields):
    """Rows from tshark's lines, each field with all its values."""
    for line in out.decode("utf8", "replace").splitlines():
        columns = line.split("\t")
        if len(columns) == len(fields):
            yield {name: text.split(";") if text else [] for name, text in zip(fields, columns, strict=True)}


def read_rows(ts, path, fields, more=()):
    """The exit code of tshark, the rows of these fields, and its errors."""
    args = ["-r", path, "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=;"]
    for name in fields:
        args += ["-e", name]
    rc, out, err = ts.run([*args, *more])
    return rc, rows(out, fields), err


def pass_frames(ts, path, rec, flows):
    """Add a capture's frame counts to `rec` and its flows to `flows`; returns exit code and errors."""
    rc, found, err = read_rows(ts, path, (*FIELDS, *MORE_FIELDS), BEST)
    counted = FrameFlows()
    layers, encaps, ifaces, malformed, short, times = {}, {}, set(), [], [], []
    sums = dict.fromkeys(("packets", "bytes", "captured_bytes", "cut_frames", "max_frame", "other"), 0)
    for row in found:
        num, size = int(row["frame.number"][0]), int(row["frame.len"][0])
        captured = int(row["frame.cap_len"][0])
        sums["packets"] += 1
        sums["bytes"] += size
        sums["captured_bytes"] += captured
        sums["cut_frames"] += captured < size
        sums["max_frame"] = max(sums["max_frame"], size)
        time = "".join(row["frame.time_epoch"])
        times += [time] if time else []
        encap = "".join(row["frame.encap_type"])
        encaps[encap] = encaps.get(encap, 0) + 1
        ifaces.add("".join(row["frame.interface_id"]))
        tokens = protocols(row)
        for token in set(tokens):
            layers[token] = layers.get(token, 0) + 1
        malformed += [num] if is_malformed(row) else []
        short += [num] if "_ws.short" in tokens else []
        where = find_innermost(row)
        if where is None:
            sums["other"] += "ip" in tokens or "ipv6" in tokens
            counted.count_fragment(row)
        else:
            flow = counted.count_segment(row, where)
            more = flows.setdefault(
                flow_key(flow.transport, flow.endpoints),
                {"flow": flow, "apps": set(), "streams": set(), "initials": 0, "layers": "", "sni": set()},
            )
            more.setdefault("first_ts", time)
            more["last_ts"] = time
            more["streams"].add(where.stream)
            if where.applications and not more["layers"]:
                more["layers"] = ":".join(tokens)
            more["apps"].update(where.applications)
            initial = 0 in numbers(row["quic.long.packet_type"])
            more["initials"] += initial or 1 in numbers(row["quic.long.packet_type_v2"])
    rec.update(
        {name: sums[name] for name in ("packets", "bytes", "captured_bytes", "cut_frames", "max_frame")},
        first_ts=min(times, key=float) if times else None,
        last_ts=max(times, key=float) if times else None,
        encap_types={k: encaps[k] for k in sorted(encaps)},
        interfaces=len(ifaces),
        layers={k: layers[k] for k in sorted(layers)},
        malformed_frames=malformed,
        short_frames=short,
        ip_frames_without_transport=sums["other"],
    )
    return rc, err
