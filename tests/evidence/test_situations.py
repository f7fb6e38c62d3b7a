"""Evidence of flows in unusual wrappings: Wireshark confirms it, and it is judged alike at level 3."""

import pytest

from netmon.cli.exit_codes import OK
from netmon.evidence import recorder
from tests.craft import golden, golden_preambles, golden_requests
from tests.craft.golden_certificates import UPDATES, chain, session
from tests.evidence.test_findings import SIGNATURES, netmon, read_golden
from tests.machine import need

pytestmark = pytest.mark.reuse("engine/src", "netmon", "tests/craft", "tests/evidence", "tests/golden")

CASES = {case.__name__: case for case in golden.CASES}
CONFIRMED = (
    *("quic_hellos", "certificate_seen_alone", "dns_client", "dns_in_fragments", "ipv6_extension_headers"),
    *("qinq", "ech_vendor_public_name", "http_connect", "socks", "proxy_headers"),
    "certificate_after_starttls",
)

BEHIND = {"http_connect": 2, "socks": 2, "proxy_headers": 2, "certificate_after_starttls": 1}
"""Findings whose names Wireshark reads in the bytes of one side alone."""


@pytest.fixture(autouse=True)
def _every_flow_is_a_finding(monkeypatch):
    """Evidence is written for every flow of a vendor."""
    monkeypatch.setattr(recorder, "is_finding", lambda classified: classified.vendor is not None)


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIRMED)
def test_wireshark_confirms_it(name, tmp_path):
    """QUIC, certificates, names from DNS, fragments, IPv6, VLANs, ECH, behind proxies' headers."""
    need("tshark")
    read_golden(CASES[name], tmp_path / "e", "--privacy", 0)
    code, output, problems = netmon("evidence", "verify", "--wireshark", tmp_path / "e")
    assert (code, problems) == (OK, "")
    assert output.count("and Wireshark agrees") == len(list((tmp_path / "e").glob("*.json"))) > 0
    assert output.count("in the bytes of one side alone") == BEHIND.get(name, 0)


def _without_name(talk, _hello, **_options):
    return session(talk, chain(UPDATES, [UPDATES]))


@pytest.mark.slow
@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize(
    ("module", "name", "flows"),
    [
        (golden_preambles, "starttls_after_refusals", 6),
        (golden_preambles, "starttls_xmpp", 1),
        (golden_preambles, "starttls_ldap", 1),
        (golden_requests, "requests_for_tls", 5),
    ],
)
def test_certificates_after_a_request_for_tls_are_confirmed(
    monkeypatch, tmp_path, module, name, flows, level
):
    """Of every protocol that asks for TLS, with a hello without a name, whatever was blanked before it."""
    need("tshark")
    monkeypatch.setattr(golden_preambles, "tls_inside", _without_name)
    (tmp_path / "c.pcap").write_bytes(getattr(module, name)())
    given = ("--country", "DE", "--signatures", SIGNATURES, "--evidence", tmp_path / "e")
    netmon("read", "--json", *given, "--privacy", level, tmp_path / "c.pcap")
    code, output, problems = netmon("evidence", "verify", "--wireshark", tmp_path / "e")
    assert (code, problems) == (OK, "")
    assert output.count("and Wireshark agrees") == flows


@pytest.mark.parametrize("name", [*CONFIRMED, "tunnelled_by_the_mirror"])
def test_it_is_judged_alike_where_no_client_is_shown(name, tmp_path):
    """At level 3 as well, each finding is judged again from its file alone, with the same verdict."""
    read_golden(CASES[name], tmp_path / "e", "--privacy", 3)
    code, output, problems = netmon("evidence", "verify", tmp_path / "e")
    assert (code, problems) == (OK, "")
    assert output.count("the same verdict") == len(list((tmp_path / "e").glob("*.json"))) > 0
