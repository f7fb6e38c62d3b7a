"""`policy.relays` in netmon.yaml."""

import re
from ipaddress import ip_network
from pathlib import Path

import pytest

from netmon.cli.check import effective
from netmon.config.load import load
from netmon.errors import ConfigError
from netmon.verdict.policy import Relay
from netmon.wiring import load_signatures

SHIPPED = Path(__file__).parents[2] / "netmon.yaml"


def test_relays_are_read(file):
    """For one component or, without one or with "*", for all; IPv4 and IPv6; from a day on, or always."""
    config = load(
        file("""
policy:
  relays:
    - {vendor: acme, component: files, clients: 192.0.2.5/32, since: 2026-10-01, author: A, reason: B}
    - {vendor: acme, component: "*", clients: "2001:db8::5/128", author: A, reason: B}
    - {vendor: acme, clients: 10.0.8.0/24, author: A, reason: B}
""")
    )
    assert config.policy.relays == (
        Relay("acme", "files", ip_network("192.0.2.5/32"), "A", "B", "2026-10-01"),
        Relay("acme", None, ip_network("2001:db8::5/128"), "A", "B"),
        Relay("acme", None, ip_network("10.0.8.0/24"), "A", "B"),
    )


def test_the_shipped_example_is_valid(file):
    """The example in the shipped file's comments is valid when uncommented."""
    text = SHIPPED.read_text(encoding="utf-8").partition("  relays: []\n")[2].partition("\n\n")[0]
    text = "policy:\n  relays:\n" + re.sub("^  # ", "    ", text, flags=re.MULTILINE)
    assert [one.component for one in load(file(text)).policy.relays] == ["updates"]


RELAY = "{vendor: kaspersky, clients: 192.0.2.5/32, since: 2026-10-01, author: A, reason: B}"


def test_check_shows_the_relays(file):
    """With clients, first day, author and reason; vendor and component must be in the signatures."""
    config = load(file(f"policy: {{relays: [{RELAY}]}}"))
    shown = dict(effective(config))["policy.relays"]
    assert shown == "kaspersky * through 192.0.2.5/32 from 2026-10-01 (A: B)"
    assert [(one.vendor, one.component) for one in config.mentions] == [("kaspersky", None)]
    assert dict(effective(load(file("policy: {}"))))["policy.relays"] == "none"


@pytest.mark.parametrize(
    ("relay", "message"),
    [
        (
            RELAY.replace("clients", "client"),
            "unknown key 'client' in policy.relays; did you mean 'clients'?",
        ),
        (RELAY.replace(", author: A", ""), "policy.relays: key 'author' is missing"),
        (RELAY.replace("192.0.2.5/32", "192.0.2.5/24"), "'192.0.2.5/24' is not a network"),
        (RELAY.replace("since", "until"), "unknown key 'until' in policy.relays"),
        (RELAY.replace("2026-10-01", "October"), "'October' is not a date"),
    ],
)
def test_errors_in_relays(file, relay, message):
    """A missing author, host bits, an end date."""
    with pytest.raises(ConfigError) as error:
        load(file(f"policy: {{relays: [{relay}]}}"))
    assert message in str(error.value)


def test_an_unknown_component_of_a_relay_is_an_error(file):
    """It would never apply."""
    relay = RELAY.replace("vendor: kaspersky", "vendor: kaspersky, component: update")
    with pytest.raises(ConfigError, match=r"no component 'update' of kaspersky; did you mean 'updates'\?"):
        load_signatures(load(file(f"policy: {{relays: [{relay}]}}")))
