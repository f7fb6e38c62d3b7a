"""`subject` in netmon.yaml and on the command line: one country, or countries by network."""

import re
from ipaddress import ip_network

import pytest
from click.testing import CliRunner

from netmon.cli.app import app
from netmon.cli.check import effective
from netmon.cli.options import SubjectOptions
from netmon.config.load import load
from netmon.errors import ConfigError
from netmon.verdict.subjects import Subjects

BY_NETWORK = """
subject:
  networks:
    10.0.0.0/8: DE
    10.9.0.0/16: US
    192.0.2.7/32: NO
    2001:db8:9::/48: US
"""


def test_norway_is_a_country(file):
    """`NO` is a country code, not the boolean of YAML 1.1."""
    assert load(file("subject: {country: NO}")).subjects == Subjects("NO")


def test_networks_have_countries(file):
    """IPv4 and IPv6, overlapping or single addresses; NO is Norway."""
    config = load(file(BY_NETWORK))
    assert config.subjects == Subjects(
        networks={
            ip_network("10.0.0.0/8"): "DE",
            ip_network("10.9.0.0/16"): "US",
            ip_network("192.0.2.7/32"): "NO",
            ip_network("2001:db8:9::/48"): "US",
        }
    )
    assert load(file("subject: {networks: {10.9.0.0/16: US}}")).subjects.find("10.9.1.1").country == "US"


@pytest.mark.parametrize("text", ["subject: {networks: {}}", "subject:\n  networks:\n", "subject:\n"])
def test_no_networks_are_none(file, text):
    """An empty section changes nothing."""
    assert load(file(text)).subjects == Subjects()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "subject:\n  networks:\n    10.9.0.0/16: XX",
            "netmon.yaml:3: subject.networks.10.9.0.0/16: 'XX' is not a country code",
        ),
        (
            "subject:\n  networks:\n    10.9.0.1/16: US",
            "netmon.yaml:3: subject.networks.10.9.0.1/16: '10.9.0.1/16' is not a network: "
            "10.9.0.1/16 has host bits set",
        ),
        (
            "subject:\n  networks:\n    office: US",
            "netmon.yaml:3: subject.networks.office: 'office' is not a network",
        ),
        (
            "subject:\n  networks:\n    2001:db8::/32: DE\n    2001:0db8::/32: US",
            "netmon.yaml:4: subject.networks.2001:0db8::/32: '2001:db8::/32' is given twice",
        ),
        ("subject:\n  networks: [10.9.0.0/16]", "netmon.yaml:2: subject.networks: expected keys and values"),
        (
            "subject:\n  networks:\n    10.9.0.0/16: [US]",
            "netmon.yaml:3: subject.networks.10.9.0.0/16: expected text",
        ),
        (
            "subject:\n  country: DE\n  networks: {10.9.0.0/16: US}",
            "netmon.yaml:2: subject.country: cannot be given together with subject.networks",
        ),
        (
            "subject:\n  network: {10.9.0.0/16: US}",
            "netmon.yaml:2: unknown key 'network' in subject; did you mean 'networks'?",
        ),
        (
            "subject: {inventory: {kaspersky: 0}}",
            "netmon.yaml:1: subject.inventory.kaspersky: '0' is not a whole number from 1 to 1000000000",
        ),
    ],
)
def test_errors_have_file_line_and_key(file, text, message):
    """A wrong code, host bits, a network twice, or one country beside networks."""
    with pytest.raises(ConfigError) as error:
        load(file(text))
    assert message in str(error.value)


def test_an_option_for_all_clients_replaces_the_networks(file, capsys):
    """The command line takes precedence, and says that the networks are not used."""
    path = file(BY_NETWORK)
    assert SubjectOptions(config=path, country="fr").load().subjects == Subjects("FR")
    [line] = capsys.readouterr().err.splitlines()
    assert line == "netmon: --country FR applies to all clients; subject.networks is not used"
    assert SubjectOptions(config=path).load().subjects.find("10.9.0.1").country == "US"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "country", "networks"),
    [
        ("subject: {country: DE}", "DE", "none: one country for all clients"),
        (
            "subject: {networks: {10.9.0.0/16: US}}",
            "none: that of the longest network in subject.networks",
            "10.9.0.0/16 US; other IPv4 and IPv6 clients: none, no country-specific promise applies",
        ),
        (
            "subject: {networks: {0.0.0.0/0: DE, 10.9.0.0/16: US}}",
            "none: that of the longest network in subject.networks",
            "0.0.0.0/0 DE, 10.9.0.0/16 US; other IPv6 clients: none, no country-specific promise applies",
        ),
        (
            "subject:\n  networks:\n    0.0.0.0/0: DE\n    ::/0: DE",
            "none: that of the longest network in subject.networks",
            "0.0.0.0/0 DE, ::/0 DE",
        ),
    ],
)
def test_check_shows_the_subjects(file, text, country, networks):
    """`netmon check` says which clients have which country, and which have none."""
    shown = dict(effective(load(file(text))))
    assert (shown["subject.country"], shown["subject.networks"]) == (country, networks)
    assert shown["subject.inventory"] == "none"


def test_check_shows_the_inventory(file):
    """With thousands separators, by vendor; the vendor must be in the signatures."""
    config = load(file("subject: {inventory: {kaspersky: 4000}}"))
    assert dict(effective(config))["subject.inventory"] == "kaspersky 4,000"
    assert [(one.vendor, one.component) for one in config.mentions] == [("kaspersky", None)]


def test_explain_shows_promises_for_every_country(file):
    """`netmon signatures explain` says for each listed country whether a promise binds today."""
    words = ("signatures", "explain", "--config", str(file(BY_NETWORK)), "dc1.ksn.kaspersky-labs.com")
    done = CliRunner().invoke(app, words)
    _, _, said = done.stdout.partition("promise gti_complete")
    said, _, _ = said.partition("promise gti_eu_files")
    found = re.findall(r"\bin (DE|NO|US)\b(: ended by ksn_us_off, from 2024-09-10)?", " ".join(said.split()))
    assert found == [("DE", ""), ("NO", ""), ("US", ": ended by ksn_us_off, from 2024-09-10")]
