"""Evidence that a vendor answers at an address."""

import pytest

from netmon.records import EVIDENCE
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.verdict.holders import Holders
from tests import records

HOLDERS = Holders(load_folder(default_folder()))
VENDOR = "kaspersky"
NAME = "dc1-file.ksn.kaspersky-labs.com"
JUNE_17 = 1_781_654_400_000_000_000  # 2026-06-17 00:00 UTC
DAY = 86_400_000_000_000


def shown(address="129.132.1.10", vendor=VENDOR, **changes):
    given = {"name": NAME, "matched": NAME, "server_name": NAME, "start_ns": JUNE_17}
    return HOLDERS.is_shown(records.flow(server=address, **(given | changes)), vendor)


@pytest.mark.parametrize("resolved", [True, False])
@pytest.mark.parametrize("evidence", EVIDENCE)
def test_a_name_that_the_site_resolved_to_the_address_shows_it(evidence, resolved):
    """A DNS answer that was asked for has this address, whatever names the flow; no name shows it alone."""
    assert shown(evidence=evidence, resolved=resolved) == resolved


@pytest.mark.parametrize(
    ("address", "holder"),
    [
        ("117.41.246.36", "carrier in China"),
        ("119.255.133.35", "carrier in China"),
        ("93.191.13.103", "third party in Russia"),
        ("209.51.171.230", None),  # only an unverified source saw it
        ("117.41.246.37", None),
        ("82.202.184.10", None),  # the vendor's own
        ("129.132.1.10", None),
        ("2001:db8::1", None),
    ],
)
def test_an_edge_is_at_the_address_of_a_carrier(address, holder):
    """A third party at whose address the vendor's service was seen; of another vendor's, nothing is known."""
    assert HOLDERS.find(address, VENDOR, "2026-06-17").edge == holder
    assert HOLDERS.find(address, "another", "2026-06-17").edge is None


@pytest.mark.parametrize(
    ("address", "is_shown"),
    [
        ("82.202.184.10", True),  # service
        ("2a03:2480:8010::1", True),
        ("91.103.66.155", True),  # corporate
        ("82.202.190.214", True),  # ddos_protection
        ("119.255.133.28", False),  # a carrier holds it, and other users of it look the same
        ("93.191.13.103", False),
        ("46.8.206.10", False),  # until 2025-04-02
        ("185.85.13.10", False),  # until 2026-05-19
        ("82.202.200.1", False),
        ("129.132.1.10", False),
        ("192.0.2.1", False),
        ("2a03:2481::1", False),
    ],
)
def test_a_network_of_the_vendor_shows_it(address, is_shown):
    """Networks of any role but a carrier's show the holder, on the days on which a source shows them."""
    assert shown(address) == is_shown


@pytest.mark.parametrize(
    ("address", "start_ns", "is_shown"),
    [
        ("185.85.13.10", JUNE_17 - 29 * DAY, True),  # 2026-05-19, its last day
        ("185.85.13.10", JUNE_17 - 28 * DAY, False),
        ("79.133.168.10", JUNE_17, True),  # its first day
        ("79.133.168.10", JUNE_17 - DAY, False),
        ("82.202.184.10", 0, True),
    ],
)
def test_a_network_shows_it_within_its_days(address, start_ns, is_shown):
    """From the first to the last day on which a source lists the network under its holder."""
    assert shown(address, start_ns=start_ns) == is_shown


@pytest.mark.parametrize(
    ("subject", "names", "is_shown"),
    [
        ("ksn.kaspersky-labs.com", (), True),
        ("x", ("*.ksn.kaspersky-labs.com",), True),
        ("x", ("other.example", "dc1.ksn.kaspersky-labs.com"), True),
        ("x", ("DC1.KSN.KASPERSKY-LABS.COM",), True),
        ("x", ("*.kaspersky-labs.com.evil.test",), False),
        ("x", ("kasperskyupdate.com",), False),  # a look-alike
        ("ksn.kaspersky-labs.com", ("other.example",), False),  # the alternative names count
        ("Kaspersky Lab", (), False),
        ("", (), False),
        (None, (), False),
        ("x", ("*",), False),
        ("x", ("not a name \x00",), False),
    ],
)
def test_a_certificate_of_the_vendor_shows_it(subject, names, is_shown):
    """A certificate with a name of the vendor; the common name counts only where there is no other."""
    assert shown(certificate_subject=subject, certificate_names=names) == is_shown


def test_another_vendor_is_not_shown():
    """The network of one vendor does not show another."""
    assert not shown("82.202.184.10", vendor="other")
