"""What a round trip excludes, on the command line.

`captures/near_frankfurt.pcap` holds one crafted connection of a client in Germany, with a round trip of
2.3 ms: to dc1-file.ksn.kaspersky-labs.com at 46.8.206.10.
"""

import json
from pathlib import Path

import pytest

from tests.places.mmdb import write_flat

CAPTURE = Path(__file__).parent / "captures" / "near_frankfurt.pcap"
NETWORK = "46.8.206.0/24"
FRANKFURT = "sensor: {latitude: 50.11, longitude: 8.68}\n"


@pytest.fixture
def read(netmon, tmp_path):
    """Reads the capture with databases of these votes: the exit code, and what the event says."""

    def read(votes, config=FRANKFURT, *words):
        for provider, where in votes.items():
            folder = tmp_path / ".local" / "share" / "netmon"
            write_flat(folder / f"{provider}.mmdb", {NETWORK: where, "192.0.2.0/24": "CH"})
        (tmp_path / "netmon.yaml").write_text(config)
        done = netmon("read", "--country", "DE", "--config", "netmon.yaml", "--json", *words, CAPTURE)
        return done.returncode, json.loads(done.stdout)["netmon"]

    return read


RU_TWICE = {"dbip-country": "RU", "geolite2-country": "RU"}


@pytest.mark.parametrize(
    ("votes", "country", "reason"),
    [
        (RU_TWICE, "unknown", "no_location"),
        ({"dbip-country": "RU"}, "unknown", "no_location"),
        ({"dbip-city-ipv4": "RU/Moscow", "geolite2-country": "RU"}, "unknown", "no_location"),
        ({"dbip-city-ipv4": "RU/Kaliningrad", "geolite2-country": "RU"}, "unknown", "no_location"),
        (
            {"dbip-city-ipv4": "RU/Simferopol", "geolite2-country": "UA"},
            "unknown",
            "no_location",
        ),
        ({**RU_TWICE, "ipinfo-lite": "DE"}, "DE", "single_source"),
        ({**RU_TWICE, "ipinfo-lite": "RU", "ip2location-lite": "CH"}, "CH", "single_source"),
        ({"dbip-country": "US", "geolite2-country": "US"}, "unknown", "no_location"),
    ],
    ids=str,
)
def test_a_verdict_never_rests_on_a_country_that_is_too_far(read, votes, country, reason):
    """Nothing within 495 km of Frankfurt is in Russia, Ukraine or the United States."""
    code, flow = read(votes)
    assert (code, flow["verdict"], flow["reason"]) == (0, "undecided", reason)
    assert flow["place"]["country"] == country
    assert {vote.partition("/")[0] for vote in votes.values()} - {"DE", "CH"} <= set(flow["place"]["not_in"])
    assert "RU" in flow["place"]["not_in"]


@pytest.mark.parametrize(
    "config",
    [
        "places: {}\n",
        "sensor: {latitude: 50.11, longitude: 8.68, accuracy_km: 400}\n",
        "sensor: {latitude: 54.35, longitude: 18.65}\n",  # Gdańsk, near Kaliningrad
        "sensor: {latitude: 55.75, longitude: 37.62}\n",
    ],
)
def test_what_is_not_certainly_too_far_accuses(read, config):
    """Without a position, with a vague one, or near Russia, the sources stand."""
    code, flow = read(RU_TWICE, config)
    assert (code, flow["verdict"], flow["reason"]) == (3, "unexpected", "country_of_concern")
    assert "RU" not in flow["place"].get("not_in", [])


def test_a_verdict_on_what_is_left(read):
    """Two sources that agree on a country within reach decide, whatever the others say."""
    code, flow = read({**RU_TWICE, "ipinfo-lite": "DE", "ip2location-lite": "DE"})
    assert (code, flow["verdict"], flow["reason"]) == (3, "unexpected", "place_elsewhere")
    assert flow["place"]["country"] == "DE"


def test_the_event_says_what_cannot_be(read):
    """Countries that sources name, or that are promised or of concern; Switzerland is within reach."""
    place = read(RU_TWICE)[1]["place"]
    assert (place["not_in"], place["rtt_ms"], place["rtt_min_ms"]) == (["RU"], 2.3, 2.3)
    assert "; what answered cannot be in Russia; " in place["steps"][0]
    assert "dbip-country is refuted: Russia is too far away" in place["steps"]


def test_an_allowed_country_matters(read):
    """The policy names Japan, so that it cannot be there is worth knowing."""
    policy = "policy: {allowed: {kaspersky: {'*': [JP]}}}\n"
    code, flow = read({"dbip-country": "JP", "geolite2-country": "JP"}, FRANKFURT + policy)
    assert (code, flow["reason"]) == (0, "rtt_excludes_promise")
    assert flow["place"]["not_in"] == ["JP", "RU"]


def test_the_summary_says_what_cannot_be(netmon, read, tmp_path):
    """With the number of flows."""
    read(RU_TWICE)
    done = netmon("read", "--country", "DE", "--config", "netmon.yaml", CAPTURE)
    assert "By round trips, what answered for kaspersky cannot be in: Russia (1 flow)." in done.stdout


@pytest.mark.parametrize("words", [("places",), ("signatures", "explain")], ids=" ".join)
def test_a_given_round_trip_shows_what_it_excludes(netmon, tmp_path, words):
    """`netmon places` and `netmon signatures explain` with --rtt-ms say what cannot be, and what is left."""
    (tmp_path / "netmon.yaml").write_text(FRANKFURT + "places: {databases: []}\n")
    done = netmon(*words, "--config", "netmon.yaml", "--rtt-ms", "2.3", "77.74.181.10")
    assert done.returncode == 0
    assert "what answered cannot be in Russia" in done.stdout
    assert "dbip is refuted: Russia is too far away" in done.stdout
    assert done.stdout.count("round trip: 2.300 ms") == 1
