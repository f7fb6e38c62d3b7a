"""The shipped networks as a table: place, confidence, and the verdict on shared files."""

import ipaddress
from pathlib import Path

import pytest

from netmon.places.locator import Locator
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.signatures.model import NetworkRule
from netmon.verdict.judgement import judge
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject
from tests.verdict_cases import make_case

TABLE = Path(__file__).parent / "shipped_networks.txt"
SEPTEMBER_15_2026 = 1_789_430_400_000_000_000
"""Nanoseconds since 1970; later than the first day of the newest network."""

SIGNATURES = load_folder(default_folder())
NETWORKS = {rule.prefix: rule for rule in SIGNATURES.rules if isinstance(rule, NetworkRule)}


def row_of(rule: NetworkRule, component: str, country: str) -> str:
    """A row of the table, for the middle address of the network and a client in a country."""
    network = ipaddress.ip_network(rule.prefix)
    address = str(network[network.num_addresses // 2])
    place = Locator(SIGNATURES).locate(address, SEPTEMBER_15_2026)
    vendor = SIGNATURES.vendors[rule.vendor]
    case = make_case(
        vendor=vendor,
        component=component,
        status="official",
        where=place,
        view=(),
        time_ns=SEPTEMBER_15_2026,
        locations=SIGNATURES.locations,
        holder_shown=True,
    )
    found = judge(case, Policy(), Subject(country))
    return f"{rule.prefix} {place.confidence} {place.country} {place.location} {found.outcome} {found.reason}"


def table() -> dict[str, str]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = [" ".join(line.split()) for line in lines if line and not line.startswith("#")]
    return {row.split()[0]: row for row in rows}


def without_promise(prefix: str) -> str:
    """The verdict on a network without a promise: a finding where the table has it in Russia."""
    is_of_concern = table()[prefix].endswith("country_of_concern")
    return "unexpected country_of_concern" if is_of_concern else "undecided no_promise"


def test_the_table_is_complete():
    """Every shipped network has a row, and every row has a network."""
    assert set(table()) == set(NETWORKS)


@pytest.mark.parametrize("prefix", NETWORKS)
def test_shipped_network(prefix):
    """Place, confidence and verdict on reputation traffic of a client in Germany match the table."""
    assert row_of(NETWORKS[prefix], "reputation", "DE") == table()[prefix]


@pytest.mark.parametrize("prefix", NETWORKS)
def test_no_promise_covers_updates(prefix):
    """Updates may come from anywhere but a country of concern."""
    assert row_of(NETWORKS[prefix], "updates", "DE").endswith(without_promise(prefix))


@pytest.mark.parametrize("prefix", NETWORKS)
def test_no_promise_covers_a_client_in_moscow(prefix):
    """For a client to whom no promise was made, no network is judged by one."""
    assert row_of(NETWORKS[prefix], "reputation", "RU").endswith(without_promise(prefix))
