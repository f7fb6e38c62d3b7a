"""Verdicts with location databases whose metadata do not name their providers, as ip-location-db writes them.

`captures/accuse1.pcap` and `captures/acquit1.pcap` hold one crafted connection each, of a client in Germany:
to dc1-st.ksn.kaspersky-labs.com at 79.133.168.10 on 2026-06-10, and at 185.85.13.10 on 2026-05-10.
"""

import json
from pathlib import Path

import pytest

from tests.places.mmdb import DAY_S, JUNE_S, nested, write_database, write_flat

CAPTURES = Path(__file__).parent / "captures"
ACCUSE, ACQUIT = CAPTURES / "accuse1.pcap", CAPTURES / "acquit1.pcap"
ACCUSED, ACQUITTED = "79.133.168.0/24", "185.85.13.0/24"


@pytest.fixture
def folder(tmp_path):
    """The user's own folder of databases, which is one of the usual ones."""
    return tmp_path / ".local" / "share" / "netmon"


def read_flow(netmon, capture, *words):
    """The exit code, and what the event says of the one flow."""
    done = netmon("read", "--country", "DE", "--json", *words, capture)
    [line] = done.stdout.splitlines()
    return done.returncode, json.loads(line)["netmon"]


def test_two_editions_of_one_provider_accuse_nobody(netmon, folder):
    """DB-IP's city and country files are one source for Moscow, so there is no alarm."""
    write_flat(folder / "dbip-city-ipv4.mmdb", {ACCUSED: "RU/Moscow"})
    write_flat(folder / "dbip-country.mmdb", {ACCUSED: "RU"})
    code, flow = read_flow(netmon, ACCUSE)
    assert (code, flow["verdict"], flow["reason"]) == (0, "undecided", "single_source")
    assert {vote["provider"] for vote in flow["place"]["votes"]} == {"dbip"}
    assert "dbip-city-ipv4, dbip-country are from one provider: one source" in flow["place"]["steps"]


def test_a_shipped_vote_and_a_file_of_its_provider_acquit_nobody(netmon, folder):
    """The vote of DB-IP that netmon ships and DB-IP's file on this machine are one source for Zürich."""
    write_flat(folder / "dbip-city-ipv4.mmdb", {ACQUITTED: "CH/Zurich"})
    code, flow = read_flow(netmon, ACQUIT)
    assert (code, flow["verdict"], flow["reason"]) == (0, "undecided", "single_source")
    assert {vote["source"] for vote in flow["place"]["votes"]} == {"dbip", "dbip-city-ipv4"}


def test_two_providers_of_one_type_are_both_used(netmon, folder):
    """GeoLite2 and DB-IP contradict each other, so the place is disputed."""
    write_flat(folder / "dbip-city-ipv4.mmdb", {ACCUSED: "RU/Moscow"})
    write_flat(folder / "geolite2-city-ipv4.mmdb", {ACCUSED: "CH/Zurich"})
    code, flow = read_flow(netmon, ACCUSE)
    assert (code, flow["verdict"], flow["reason"]) == (0, "undecided", "databases_disagree")


def test_two_providers_that_agree_accuse(netmon, folder):
    """Two independent sources still raise the alarm."""
    write_flat(folder / "dbip-city-ipv4.mmdb", {ACCUSED: "RU/Moscow"})
    write_flat(folder / "geolite2-city-ipv4.mmdb", {ACCUSED: "RU/Moscow"})
    code, flow = read_flow(netmon, ACCUSE)
    assert (code, flow["verdict"], flow["reason"]) == (3, "unexpected", "country_of_concern")


def test_renamed_files_are_one_unknown_source(netmon, folder):
    """Without the names of the files, nothing says who the provider is, and the evidence says so."""
    write_flat(folder / "a-city-ipv4.mmdb", {ACCUSED: "RU/Moscow"})
    write_flat(folder / "b-country.mmdb", {ACCUSED: "RU"})
    code, flow = read_flow(netmon, ACCUSE)
    assert (code, flow["verdict"], flow["reason"]) == (0, "undecided", "single_source")
    assert (
        "the provider of a-city-ipv4, b-country is unknown: one source together; it may repeat another"
        " source, so it confirms none"
    ) in flow["place"]["steps"]


def test_the_configuration_names_the_providers(netmon, folder, tmp_path):
    """Named in the configuration, the same files are two sources; a plain path beside them still works."""
    write_flat(folder / "a-city-ipv4.mmdb", {ACCUSED: "RU/Moscow"})
    write_flat(folder / "b-country.mmdb", {ACCUSED: "RU"})
    (tmp_path / "netmon.yaml").write_text(
        f"places:\n  databases:\n"
        f"    - {{path: {folder}/a-city-ipv4.mmdb, provider: DB-IP}}\n    - {folder}/b-country.mmdb\n"
    )
    code, flow = read_flow(netmon, ACCUSE, "--config", "netmon.yaml")
    assert (code, flow["reason"]) == (0, "single_source")
    with (tmp_path / "netmon.yaml").open("a") as file:
        file.write(f"    - {{path: {folder}, provider: Acme}}\n")
    code, flow = read_flow(netmon, ACCUSE, "--config", "netmon.yaml")
    assert (code, flow["reason"]) == (3, "country_of_concern")


def test_registrations_locate_nothing(netmon, folder):
    """iptoasn-country says where the AS is registered: for 185.85.15.25, this is no vote on its location."""
    write_flat(folder / "iptoasn-country.mmdb", {"185.85.15.0/24": "CH", "203.0.113.0/24": "CH"})
    done = netmon("places", "--json", "185.85.15.25", "203.0.113.1")
    shipped, alone = (json.loads(line)["place"] for line in done.stdout.splitlines())
    assert (shipped["country"], shipped["confidence"]) == ("NL", "single")
    assert [vote["about"] for vote in shipped["votes"] if "iptoasn" in vote["source"]] == ["registration"] * 2
    assert (alone["country"], alone["confidence"]) == ("unknown", "unknown")


def test_a_merged_source_counts_where_it_differs_from_the_as(netmon, tmp_path):
    """In 77.74.176.0/21, the AS is registered in CH and the network in RU; in 82.202.184.0/24, both in CH."""
    (tmp_path / "netmon.yaml").write_text("places: {databases: []}\n")
    done = netmon("places", "--config", "netmon.yaml", "--json", "77.74.181.10", "82.202.184.10")
    moscow, zurich = (json.loads(line)["place"] for line in done.stdout.splitlines())
    assert (moscow["country"], moscow["confidence"]) == ("RU", "agreed")
    assert "geo_whois_asn is merged, and differs from the registration of the AS (iptoasn)" in moscow["steps"]
    assert (zurich["country"], zurich["confidence"]) == ("CH", "single")


def test_check_reports_unknown_providers_and_older_builds(netmon, folder):
    """Each database with its provider and where that is named, and a line on what needs attention."""
    write_flat(folder / "city.mmdb", {ACCUSED: "RU/Moscow"})
    write_flat(folder / "dbip-city-2026-06.mmdb", {ACCUSED: "RU/Moscow"})
    write_flat(folder / "dbip-city-2026-07.mmdb", {ACCUSED: "RU/Moscow"}, built_s=JUNE_S + 30 * DAY_S)
    write_flat(folder / "geo-whois-asn-country.mmdb", {ACCUSED: "RU"})
    write_database(folder / "geolite2.mmdb", {ACCUSED: nested("CH")}, "DBIP-City-Lite")
    done = netmon("check")
    assert (done.returncode, done.stderr) == (0, "")
    shown = done.stdout.partition("location databases:\n")[2].splitlines()
    both = "IPv4 and IPv6"
    assert shown == [
        "  DBIP-City-Lite: provider DB-IP (from the database type, but its file name says maxmind); built"
        f" 2026-06-17; {both}; country; {folder}/geolite2.mmdb",
        f"  city: provider unknown; built 2026-06-17; {both}; country, city; {folder}/city.mmdb",
        "  dbip-city-2026-07: provider DB-IP (from the file name); built"
        f" 2026-07-17; {both}; country, city; {folder}/dbip-city-2026-07.mmdb",
        "  geo-whois-asn-country: provider ip-location-db, geofeed and whois and AS (from the file name);"
        f" built 2026-06-17; {both}; country; locates only where it differs from the registration of the AS;"
        f" {folder}/geo-whois-asn-country.mmdb",
        "  provider unknown: city: together they count as one source, which confirms no other; name the"
        " provider in places.databases",
        f"  not used: {folder}/dbip-city-2026-06.mmdb: {folder}/dbip-city-2026-07.mmdb is a newer build of"
        " the same database",
        "no errors",
    ]
