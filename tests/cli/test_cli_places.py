"""`netmon places`, and location databases on the command line."""

import json

import pytest

from tests.places.mmdb import nested, write_database


@pytest.fixture
def folder(tmp_path):
    """The user's own folder of databases, which is one of the usual ones."""
    return tmp_path / ".local" / "share" / "netmon"


@pytest.fixture
def databases(folder):
    """Two providers, one with a registration in another country, and an AS."""
    network = "82.202.184.0/24"
    record = nested("CH", "Zurich (Kreis 1)", registered_country={"iso_code": "RU"})
    write_database(folder / "city.mmdb", {network: record})
    lite = {"country_code": "CH", "asn": "AS64500", "as_name": "Acme", "country": "Switzerland"}
    write_database(
        folder / "lite.mmdb",
        {network: lite, "2001:db8::/32": {"country_code": "SE"}, "192.0.2.0/24": lite | {"is_anycast": True}},
        "ipinfo lite",
    )
    return folder


def test_all_evidence_is_shown(netmon, databases):
    """Databases here, votes of the signatures, and the steps to the place."""
    done = netmon("places", "82.202.184.10", "2001:db8::7", "192.0.2.1", "203.0.113.9")
    assert (done.returncode, done.stderr) == (0, "")
    words = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for line in (
        "82.202.184.10: Zürich, CH (agreed)",
        "GeoLite2-City 2026-06-17 82.202.184.0/24 location CH Zurich",
        "GeoLite2-City 2026-06-17 82.202.184.0/24 registration RU",
        "ipinfo lite 2026-06-17 82.202.184.0/24 as AS64500 Acme",
        "dbip 2026-06-05 82.202.184.0/24 location CH Zürich",
        "3 sources agree on CH",
        "2001:db8::7: city unknown, SE (single)",
        "192.0.2.1: no place (unknown)",
        "ipinfo lite lists it as anycast, announced from several places: unknown",
        "203.0.113.9: no place (unknown)",
    ):
        assert line in words, line


def test_an_embedded_address_is_the_one_that_is_located(netmon, databases, tmp_path):
    """It is shown beside the given one; a prefix of the site's translators is read from the configuration."""
    (tmp_path / "netmon.yaml").write_text('dns: {nat64_prefixes: ["2001:db8:64::/96"]}\n')
    addresses = ("64:ff9b::82.202.184.10", "2001:db8:64::82.202.184.10", "2002:52ca:b80a::1", "82.202.184.10")
    done = netmon("places", "--json", "--config", "netmon.yaml", *addresses)
    shown = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one.get("embedded_ip") for one in shown] == ["82.202.184.10"] * 3 + [None]
    assert all(one["place"] == shown[3]["place"] for one in shown)
    done = netmon("places", "64:ff9b::52ca:b80a")
    assert done.stdout.startswith("64:ff9b::52ca:b80a (82.202.184.10): Zürich, CH (agreed)")


def test_explain_says_where_packets_arrive(netmon):
    """The rule is that of the embedded address."""
    lines = netmon("signatures", "explain", "64:ff9b::52ca:b80a").stdout.splitlines()
    assert lines[0] == "64:ff9b::52ca:b80a: packets to it arrive at 82.202.184.10, which it contains"
    assert lines[1].startswith("82.202.184.10: network 82.202.184.0/24 covers it")


def test_as_json(netmon, databases):
    """One object per line, with places as in events."""
    done = netmon("places", "--json", "82.202.184.10", "::ffff:192.0.2.1")
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["address"], second["address"]) == ("82.202.184.10", "192.0.2.1")
    assert (first["place"]["location"], first["place"]["confidence"]) == ("zurich", "agreed")
    assert first["place"]["votes"][1] == {
        "source": "GeoLite2-City",
        "provider": "maxmind",
        "country": "RU",
        "about": "registration",
        "date": "2026-06-17",
        "network": "82.202.184.0/24",
    }
    assert second["place"]["votes"][0]["about"] == "anycast"
    assert second["place"]["steps"]


def test_without_databases(netmon, tmp_path):
    """The signatures have votes of their own."""
    (tmp_path / "netmon.yaml").write_text("places: {databases: []}\n")
    done = netmon("places", "--config", "netmon.yaml", "82.202.184.10")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("82.202.184.10: Zürich, CH (single)")
    assert "GeoLite2" not in done.stdout


def test_on_a_day(netmon, tmp_path):
    """Declarations are valid between their days."""
    (tmp_path / "netmon.yaml").write_text(
        "places:\n  declared:\n"
        "    - {network: 192.0.2.0/24, country: CH, author: A, reason: B, valid_to: 2026-06-17}\n"
    )
    words = ("places", "--config", "netmon.yaml", "--json", "192.0.2.1", "--day")
    shown = [json.loads(netmon(*words, day).stdout) for day in ("2026-06-17", "2026-06-18")]
    assert [one["place"]["country"] for one in shown] == ["CH", "unknown"]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["192.0.2"], "Error: Invalid value for IP: '192.0.2' is not an IPv4 or IPv6 address"),
        (["example.com"], "Error: Invalid value for IP: 'example.com' is not an IPv4 or IPv6 address"),
        (["fe80::1%eth0"], "Error: Invalid value for IP: 'fe80::1%eth0' has a zone, which is no part of an"),
        ([], "Error: Missing argument 'IP…'."),
        (["--day", "yesterday", "192.0.2.1"], "'yesterday' is no date: write one such as 2026-06-30"),
    ],
)
def test_wrong_usage(netmon, words, wrong):
    """Wrong usage is reported in one line, with exit code 2."""
    done = netmon("places", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert wrong in done.stderr


def test_explain_uses_the_databases(netmon, databases):
    """`netmon signatures explain` shows the same steps."""
    shown = netmon("signatures", "explain", "82.202.184.10").stdout
    assert "    GeoLite2-City (2026-06-17) on 82.202.184.0/24: CH, Zurich\n" in shown
    assert "    3 sources agree on CH\n" in shown


def test_events_use_the_databases(netmon, databases, demo):
    """The places in events include the votes of databases."""
    events = map(json.loads, netmon("read", "--country", "DE", "--json", demo).stdout.splitlines())
    [votes] = {
        tuple(vote["source"] for vote in event["netmon"]["place"]["votes"])
        for event in events
        if event["destination"]["ip"].startswith("82.202.184.")
    }
    assert votes[:2] == ("GeoLite2-City", "GeoLite2-City")


@pytest.mark.parametrize(
    "command", [["check"], ["places", "192.0.2.1"], ["signatures", "explain", "192.0.2.1"]]
)
def test_a_configured_database_must_be_usable(refused, tmp_path, command):
    """A missing file, another format, and a database without places are each reported in one line."""
    (tmp_path / "netmon.yaml").write_text("places: {databases: [my.mmdb]}\n")
    words = (*command, "--config", "netmon.yaml")
    assert refused(*words) == "places.databases: my.mmdb: no such file or directory"
    (tmp_path / "my.mmdb").write_text("hello")
    assert refused(*words) == "places.databases: my.mmdb: not an MMDB file, or damaged"
    write_database(tmp_path / "my.mmdb", {"192.0.2.0/24": {"colour": "red"}})
    assert refused(*words) == (
        "places.databases: my.mmdb: has no countries, cities or AS numbers; its fields are colour"
    )


def test_a_damaged_database_in_a_default_folder_is_skipped(netmon, databases):
    """It is reported, and the others are used."""
    (databases / "broken.mmdb").write_text("hello")
    done = netmon("places", "--json", "82.202.184.10")
    assert done.returncode == 0
    assert done.stderr == f"netmon: {databases}/broken.mmdb: not an MMDB file, or damaged\n"
    assert json.loads(done.stdout)["place"]["votes"][0]["source"] == "GeoLite2-City"


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("address", ["82.202.184.10", "2a03:2480:8013::1", "79.133.168.5"])
def test_a_narrow_table_breaks_no_word(netmon, environment, columns, address):
    """Where one line for each vote does not fit, it has two, with complete names, networks and dates."""
    environment["COLUMNS"] = str(columns)
    done = netmon("places", address)
    assert (done.returncode, done.stderr) == (0, "")
    _title, table, *_ = done.stdout.split("\n\n")
    assert max(map(len, table.splitlines())) <= columns
    words = table.split()
    environment["COLUMNS"] = "200"
    wide = netmon("places", address).stdout.split("\n\n")[1].split()
    headings = {"source", "date", "network", "about", "country", "city", "note", "place"}
    dashes = {word for word in (*words, *wide) if set(word) == {"─"}}
    assert sorted(set(words) - headings - dashes) == sorted(set(wide) - headings - dashes)
