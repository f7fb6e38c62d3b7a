"""Round-trip times of TCP handshakes in the captures of this folder, as tshark measures them.

    python -m tests.captures.round_trips > tests/captures/round_trips.tsv

One line for each SYN-ACK for which tshark has a round-trip time: file, client, port, server, port,
nanoseconds, and the nanoseconds between the first and the last SYN before it. The latter are zero for a
single SYN, very few for a duplicate made by the mirror port, and more for a retransmission.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent
FIELDS = ("frame.protocols", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport")
MORE = ("frame.time_epoch", "tcp.flags.ack", "tcp.seq_raw", "tcp.ack_raw", "tcp.analysis.ack_rtt")


def round_trips(file: Path) -> list[tuple[str, ...]]:
    """The lines for one capture, without its name."""
    words = [
        "tshark",
        "-n",
        "-r",
        str(file),
        "-Y",
        "tcp.flags.syn == 1",
        "-T",
        "fields",
        "-E",
        "occurrence=l",
    ]
    for name in (*FIELDS, *MORE):
        words += ["-e", name]
    syns: dict[tuple[str, ...], list[int]] = {}
    rows = []
    for line in subprocess.run(words, capture_output=True, text=True, check=False).stdout.splitlines():
        protocols, ip4, ip6, port, to_ip4, to_ip6, to_port, time_s, ack, seq, ack_seq, rtt_s = line.split(
            "\t"
        )
        layers = protocols.split(":")
        is_ip6 = ip6 and (not ip4 or layers[::-1].index("ipv6") < layers[::-1].index("ip"))
        source, target = (ip6, to_ip6) if is_ip6 else (ip4, to_ip4)
        if ack in ("0", "False"):
            syns.setdefault((source, port, target, to_port, seq), []).append(_nanoseconds(time_s))
        elif rtt_s:
            endpoints = target, to_port, source, port
            times = syns.get((*endpoints, str((int(ack_seq) - 1) % 2**32)), [0])
            rows.append((*endpoints, str(_nanoseconds(rtt_s)), str(times[-1] - times[0])))
    return rows


def _nanoseconds(text: str) -> int:
    seconds, _, rest = text.partition(".")
    return int(seconds + rest[:9].ljust(9, "0"))


def main() -> None:
    """Print the lines for every capture, in the order of `truth.jsonl`."""
    for line in (FOLDER / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        name = json.loads(line)["file"]
        for row in round_trips(FOLDER / name):
            print(name, *row, sep="\t")


if __name__ == "__main__":
    main()
