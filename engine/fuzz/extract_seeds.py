#!/usr/bin/env python3
"""Extract the fuzzing seeds, which are also fixtures of the parser tests, from public capture files.

    extract_seeds.py CAPTURES

CAPTURES contains one directory for each source repository named below. Needs tshark.
A seed for `decode` is the link type (two bytes, big-endian) and a packet; for `dns` and `dhcp` a message; for
`tls` and `preamble` the first bytes from a client (its other seeds are crafted); for `certificate` the first
bytes from a server; for `quic`, `gquic` and `dtls` a datagram.
"""

import struct
import subprocess
import sys
from pathlib import Path

GRE_HELLO = "PcapFlowLab/24_outer_vlan_mpls_mpls_gre_inner_ipv4_tcp_tls_client_hello.pcap"

# (target, seed, capture, packet numbers)
SEEDS = [
    ("decode", "ethernet_tcp", "zeek/chrome-1250-tls-x25519-kyber.pcap", [1]),
    ("decode", "ethernet_padded", "nDPI/http_connect.pcap", [4]),
    ("decode", "vlan_ipv6_udp", "arkime/quicietf.pcap", [1]),
    ("decode", "qinq_pppoe", "zeek/pppoe-over-qinq.pcap", [1]),
    ("decode", "vlan_mpls_gre", GRE_HELLO, [1]),
    ("decode", "erspan", "zeek/erspan.pcap", [132]),
    ("decode", "vxlan", "nDPI/vxlan.pcap", [1]),
    ("decode", "geneve", "mercury/geneve.pcap", [3]),
    ("decode", "gtp", "nDPI/dtls.pcap", [3]),
    ("decode", "ipv4_in_ipv6", "nDPI/4in6tunnel.pcap", [1]),
    ("decode", "ipv6_in_ipv4", "nDPI/6in4tunnel.pcap", [18]),
    ("decode", "ipv4_first_fragment", "go-dnscollector/dnsdump_ip4_fragmented+udp.pcap", [2]),
    ("decode", "ipv6_first_fragment", "zeek/ipv6-fragmented-dns.pcap", [6]),
    ("decode", "raw_ip", "nDPI/dingtalk.pcap", [1]),
    ("decode", "null", "suricata-verify/quic-v2-ja3.pcap", [1]),
    ("decode", "ppp", "zeek/quic-interop-retry.pcap", [5]),
    ("decode", "linux_cooked", "nDPI/quic-v2.pcapng", [1]),
    ("decode", "linux_cooked2", "zeek/openjdk-25.0.2-zeek.org.pcap", [1]),
    ("decode", "radiotap", "zeek/radiotap.pcap", [1]),
    ("dns", "query", "zeek/radiotap.pcap", [1]),
    ("dns", "answer_cname", "zeek/radiotap.pcap", [2]),
    ("dns", "mdns_answer", "zeek/radiotap.pcap", [3]),
    ("dns", "https_query", "zeek/dns-https.pcap", [1]),
    ("dns", "https_answer", "zeek/dns-https.pcap", [2]),
    ("dns", "aaaa_answer", "nDPI/6in4tunnel.pcap", [20]),
    ("dns", "pointer_to_itself", "zeek/dns-invalid-names.pcap", [2]),
    ("dns", "damaged_after_three_questions", "nDPI/fuzz-2006-06-26-2594.pcap", [452]),
    ("dns", "damaged_label", "nDPI/fuzz-2006-06-26-2594.pcap", [25]),
    ("dhcp", "request", "nDPI/1kxun.pcap", [11]),
    ("dhcp", "request_full_name", "nDPI/fuzz-2006-06-26-2594.pcap", [484]),
    ("dhcp", "acknowledgement", "nDPI/fuzz-2006-06-26-2594.pcap", [485]),
    ("dhcp", "information_request", "nDPI/1kxun.pcap", [12]),
    ("dhcp", "solicit", "zeek/erspan.pcap", [9]),
    ("tls", "hello_tls13_x25519_kyber", "zeek/chrome-1250-tls-x25519-kyber.pcap", [4, 5]),
    ("tls", "hello_two_segments_ech", "PcapFlowLab/tls_1_3_split_client_hello_10.pcap", [4, 5]),
    ("tls", "hello_esni", "nDPI/tls_esni_sni_both.pcap", [4]),
    ("tls", "hello_without_name", "nDPI/dns_dot.pcap", [4]),
    ("tls", "hello_java", "zeek/openjdk-25.0.2-zeek.org.pcap", [4]),
    ("tls", "hello_minimal", GRE_HELLO, [1]),
    ("tls", "hello_wrong_cipher_length", "nDPI/tls_cipher_lens.pcap", [2]),
    ("certificate", "answer_tls12", "nDPI/dns_dot.pcap", [6]),
    ("certificate", "answer_after_starttls", "nDPI/imap-starttls.pcap", [15, 16, 18, 19]),
    ("certificate", "answer_tls13", "zeek/chrome-1250-tls-x25519-kyber.pcap", [6]),
    ("preamble", "connect", "nDPI/http_connect.pcap", [4]),
    ("preamble", "proxy_header", "nDPI/haproxy.pcap", [1]),
    ("quic", "v1_chromium", "zeek/chromium-115.0.5790.110-api-cirrus-com.pcap", [1]),
    ("quic", "v1_retry_token", "suricata-verify/quic-retry.pcap", [1]),
    ("quic", "v2", "suricata-verify/quic-v2-ja3.pcap", [1]),
    ("quic", "draft_29", "nDPI/quic-29.pcap", [1]),
    ("quic", "draft_28", "nDPI/quic-28.pcap", [1]),
    ("quic", "google_t051", "nDPI/quic_t51.pcap", [1]),
    ("quic", "reserved_version", "nDPI/quic_interop_V.pcapng", [1]),
    ("quic", "google_q050", "nDPI/quic_q50.pcap", [1]),
    ("quic", "mvfst_22", "nDPI/quic-mvfst-22.pcap", [1]),
    ("quic", "mvfst_27", "nDPI/quic-mvfst-27.pcapng", [1]),
    ("quic", "mvfst_experimental", "nDPI/quic-mvfst-exp.pcap", [1]),
    ("quic", "draft_34", "nDPI/quic-34.pcap", [1]),
    ("gquic", "q024", "arkime/quic24-wireshark.pcap", [1]),
    ("gquic", "q043", "nDPI/quic_q43.pcap", [1]),
    ("gquic", "q025", "PcapPlusPlus/many_interfaces-1.pcapng", [51]),
    ("gquic", "q025_again", "PcapPlusPlus/many_interfaces-1.pcapng", [57]),
    ("dtls", "dtls12", "nDPI/dtls.pcap", [1]),
    ("dtls", "dtls12_webrtc", "nDPI/dtls.pcap", [3]),
    ("dtls", "dtls13", "nDPI/dtls.pcap", [7]),
    ("dtls", "dtls13_cookie", "nDPI/dtls.pcap", [9]),
    ("quic", "shuffled_frames", "nDPI/quic_frags_ch_out_of_order_same_packet_craziness.pcapng", [1]),
]


def tshark(capture: Path, number: int, *arguments: str) -> bytes:
    """Return the output of tshark for one packet."""
    command = ["tshark", "-r", str(capture), "-Y", f"frame.number == {number}", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


def packet(capture: Path, number: int) -> bytes:
    """Return link type and packet from the pcapng file written by tshark."""
    interface_block, packet_block = 1, 6
    pcapng = tshark(capture, number, "-F", "pcapng", "-w", "-")
    at, links = 0, []
    while True:
        kind, size = struct.unpack_from("<II", pcapng, at)
        if kind == interface_block:
            links.append(*struct.unpack_from("<H", pcapng, at + 8))
        if kind == packet_block:
            interface, _, _, length = struct.unpack_from("<IIII", pcapng, at + 8)
            return struct.pack(">H", links[interface]) + pcapng[at + 28 : at + 28 + length]
        at += size


def payload(capture: Path, number: int) -> bytes:
    """Return the payload of the innermost transport segment."""
    fields = ("-T", "fields", "-e", "tcp.payload", "-e", "udp.payload", "-E", "occurrence=l")
    return bytes.fromhex(tshark(capture, number, *fields).decode().strip())


def main() -> None:
    """Write every seed."""
    captures = Path(sys.argv[1])
    seeds = Path(__file__).parent / "seeds"
    for target, name, capture, numbers in SEEDS:
        read = packet if target == "decode" else payload
        folder = seeds / target
        folder.mkdir(parents=True, exist_ok=True)
        data = b"".join(read(captures / capture, number) for number in numbers)
        (folder / f"{name}.bin").write_bytes(data)


if __name__ == "__main__":
    main()
