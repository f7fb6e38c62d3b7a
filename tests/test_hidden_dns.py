"""Encrypted DNS and encrypted hellos in real captures, by the signatures that come with netmon."""

from pathlib import Path

import pytest

from netmon.records import FlowRecord
from netmon.signatures.load import default_folder, load_folder
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource

CAPTURES = Path(__file__).parent / "captures"
SIGNATURES = load_folder(default_folder())


def flows(capture: str) -> list[FlowRecord]:
    """What is reported of a capture without asking for every flow."""
    source = FileSource([str(CAPTURES / capture)], compile_matcher(SIGNATURES))
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
    """Though it is of no vendor, with the resolver where the signatures know it."""
    (flow,) = flows(capture)
    known = SIGNATURES.resolvers.entries
    assert flow.encrypted_dns == protocol
    assert (None if flow.resolver is None else known[flow.resolver].id) == resolver
    assert flow.reason != "encrypted_dns"  # that would explain nothing


def test_other_traffic_is_no_encrypted_dns() -> None:
    """Web sites, chats and games of whole captures: nothing of them is reported."""
    for capture in ("nDPI/instagram.pcap", "nDPI/teams.pcap", "nDPI/1kxun.pcap", "mercury/top-https.mcap"):
        assert [flow.name for flow in flows(capture) if flow.encrypted_dns] == []
