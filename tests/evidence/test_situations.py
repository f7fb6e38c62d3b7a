"""Evidence of flows in unusual wrappings: Wireshark confirms it, and it is judged alike at level 3."""

import pytest

from netmon.cli.exit_codes import OK
from netmon.evidence import recorder
from tests.craft import golden
from tests.evidence.test_findings import netmon, read_golden
from tests.machine import need

pytestmark = pytest.mark.reuse("engine/src", "netmon", "tests/craft", "tests/evidence", "tests/golden")

CASES = {case.__name__: case for case in golden.CASES}
CONFIRMED = (
    *("quic_hellos", "certificate_seen_alone", "dns_client", "dns_in_fragments", "ipv6_extension_headers"),
    *("qinq", "ech_vendor_public_name", "http_connect", "socks", "proxy_headers"),
)

BEHIND = {"http_connect": 2, "socks": 2, "proxy_headers": 2}
"""Findings whose names Wireshark reads in the client's bytes alone."""


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
    assert output.count("in the client's bytes alone") == BEHIND.get(name, 0)


@pytest.mark.parametrize("name", [*CONFIRMED, "tunnelled_by_the_mirror"])
def test_it_is_judged_alike_where_no_client_is_shown(name, tmp_path):
    """At level 3 as well, each finding is judged again from its file alone, with the same verdict."""
    read_golden(CASES[name], tmp_path / "e", "--privacy", 3)
    code, output, problems = netmon("evidence", "verify", tmp_path / "e")
    assert (code, problems) == (OK, "")
    assert output.count("the same verdict") == len(list((tmp_path / "e").glob("*.json"))) > 0
