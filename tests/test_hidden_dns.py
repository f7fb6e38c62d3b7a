"""Encrypted DNS and encrypted hellos in real captures, with the shipped signatures."""

from collections import Counter
from pathlib import Path

import pytest

from netmon.records import FlowRecord
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource

CAPTURES = Path(__file__).parent / "captures"
SIGNATURES = load_folder(default_folder())


def flows(capture: str, *, every_flow: bool = False) -> list[FlowRecord]:
    """The reported flows of a capture, by default only those worth reporting."""
    source = FileSource([str(CAPTURES / capture)], compile_matcher(SIGNATURES), every_flow=every_flow)
    return [flow for batch in source.batches() for flow in batch.flows]


@pytest.mark.parametrize(
    ("capture", "protocol", "resolver"),
    [
        ("nDPI/dns_dot.pcap", "dot", "google"),  # port 853, neither SNI nor ALPN
        ("nDPI/doh.pcapng", "doh", "cloudflare"),  # 1.1.1.1 without SNI
        ("nDPI/doq.pcapng", "doq", None),  # ALPN doq-i00 on port 784
    ],
)
def test_encrypted_dns_is_reported(capture: str, protocol: str, resolver: str | None) -> None:
    """It is reported although it matches no vendor, with the resolver if the signatures list it."""
    (flow,) = flows(capture)
    known = SIGNATURES.resolvers.entries
    assert flow.encrypted_dns == protocol
    assert (None if flow.resolver is None else known[flow.resolver].id) == resolver
    assert flow.reason != "encrypted_dns"  # these would not explain missing names


def test_other_traffic_is_not_encrypted_dns() -> None:
    """Nothing is reported in captures of web sites, chats and games."""
    for capture in ("nDPI/instagram.pcap", "nDPI/teams.pcap", "nDPI/1kxun.pcap", "mercury/top-https.mcap"):
        assert [flow.name for flow in flows(capture) if flow.encrypted_dns] == []


@pytest.mark.parametrize(
    ("capture", "expected"),
    [
        ("nDPI/tls_ech.pcapng", {("tcp", "grease", "sni"): 1}),
        ("mercury/geneve.pcap", {("tcp", "grease", "sni"): 42, ("udp", "grease", "quic_sni"): 22}),
        # The older extension with a decoy for a name.
        ("nDPI/tls_esni_sni_both.pcap", {("tcp", "used", "ech_outer"): 2}),
    ],
)
def test_grease_is_distinguished_from_a_hidden_name(
    capture: str, expected: dict[tuple[str, str, str], int]
) -> None:
    """Over TCP and QUIC: with GREASE the name counts, with ECH the outer name does not."""
    seen = Counter((flow.transport, flow.ech, flow.evidence) for flow in flows(capture, every_flow=True))
    assert {key: count for key, count in seen.items() if key[1] is not None} == expected


def test_a_browser_that_hides_all_it_can() -> None:
    """A browser's DNS over HTTPS and its ECH are recognised, and explain its flows without a name."""
    seen = flows("nDPI/no_sni.pcap", every_flow=True)
    doh = [(flow.encrypted_dns, flow.name) for flow in seen if flow.encrypted_dns]
    assert doh == [("doh", "mozilla.cloudflare-dns.com")]
    reasons = Counter(flow.reason for flow in seen)
    assert (reasons["ech"], reasons["encrypted_dns"]) == (4, 1)
