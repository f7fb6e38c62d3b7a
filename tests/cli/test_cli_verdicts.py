"""Verdicts that an auditor would ask about: a capture, a configuration, the verdict, and the exit code."""

import json
from pathlib import Path

import pytest

from tests.places.mmdb import nested, write_database

CAPTURES = Path(__file__).parents[1] / "verdicts"
NO_DATABASES = "places: {databases: []}\n"
TWO_DATABASES = "places: {databases: [mmdb]}\n"


@pytest.fixture
def judged(netmon, tmp_path):
    """The `netmon` part of the event of a capture's only flow, and the exit code, for users in a country."""

    def judged(name, country="DE", config="", places=NO_DATABASES):
        (tmp_path / "netmon.yaml").write_text(places + config)
        words = ["read", "--json", "--config", "netmon.yaml", CAPTURES / f"{name}.pcap"]
        done = netmon(*words, *(["--country", country] if country else []))
        [event] = map(json.loads, done.stdout.splitlines())
        return event["netmon"], done.returncode

    return judged


@pytest.fixture
def in_zurich(tmp_path):
    """Two databases of two providers that place ETH Zürich in Zürich."""
    for provider, city in (("DBIP-City-Lite", "Zürich"), ("GeoLite2-City", "Zurich")):
        records = {"129.132.0.0/16": nested("CH", city)}
        write_database(tmp_path / "mmdb" / f"{provider}.mmdb", records, provider)
    return TWO_DATABASES


@pytest.mark.parametrize("capture", ["statistics_2019", "certificate_check_2019"])
@pytest.mark.parametrize("country", ["DE", "FR", "NO", "GB", "CH"])
def test_a_promise_about_files_says_nothing_about_statistics(judged, capture, country):
    """In 2019 the promise in force was about shared files: statistics and look-ups in Moscow broke none."""
    found, code = judged(capture, country)
    assert (found["verdict"], found["reason"], code) == ("undecided", "coverage_possible", 0)
    assert found["promise"] == "gti_eu_files"
    assert found["place"]["country"] == "RU"


@pytest.mark.parametrize("country", ["US", "JP", "TR"])
def test_a_promise_to_others_is_not_stretched(judged, country):
    """In 2019 nothing had been promised to users outside Europe."""
    found, code = judged("statistics_2019", country)
    assert (found["verdict"], found["reason"], code) == ("undecided", "no_promise", 0)


@pytest.mark.parametrize("config", ["", "policy: {allowed: {kaspersky: {'*': [CH]}}}\n"])
def test_a_name_at_a_foreign_address_is_not_acquitted(judged, in_zurich, config):
    """The client's own words do not show who answers: neither a promise nor the policy is kept."""
    found, code = judged("foreign_address", config=config, places=in_zurich)
    assert (found["verdict"], found["reason"], code) == ("undecided", "holder_unproven", 0)
    assert found["place"]["location"] == "zurich"


def test_a_name_at_a_foreign_address_is_accused_all_the_same(judged, in_zurich):
    """What the client sends to a place that the policy does not allow is a finding, whoever answers."""
    config = "policy: {allowed: {kaspersky: {'*': [DE]}}}\n"
    found, code = judged("foreign_address", config=config, places=in_zurich)
    assert (found["verdict"], found["reason"], code) == ("unexpected", "policy_forbids", 3)


@pytest.mark.parametrize("country", ["DE", "FR", "US", None])
def test_updates_from_moscow_are_a_finding(judged, country):
    """Nothing was promised about updates, so they were silent; a country of concern needs no promise."""
    found, code = judged("updates_moscow", country)
    assert (found["verdict"], found["reason"], code) == ("unexpected", "country_of_concern", 3)
    assert "promise" not in found
    assert found["explanation"].startswith("Located in Russia by two sources. netmon treats Russia as ")


@pytest.mark.parametrize(
    ("policy", "verdict", "code"),
    [
        ("concerns: {kaspersky: []}", ("undecided", "no_promise"), 0),
        ("concerns: {kaspersky: [CN]}", ("undecided", "no_promise"), 0),
        ("concerns: {kaspersky: [RU]}", ("unexpected", "country_of_concern"), 3),
        ("allowed: {kaspersky: {updates: [RU]}}", ("expected", "policy_allows"), 0),
        ("allowed: {kaspersky: {updates: [CH]}}", ("unexpected", "country_of_concern"), 3),
        ("forbidden_vendors: [kaspersky]", ("forbidden", "policy_forbids_vendor"), 3),
    ],
)
def test_the_policy_adjusts_concerns(judged, policy, verdict, code):
    """It may switch them off, name other countries, or allow the country."""
    found, exit_code = judged("updates_moscow", config=f"policy: {{{policy}}}\n")
    assert ((found["verdict"], found["reason"]), exit_code) == (verdict, code)


@pytest.mark.parametrize("capture", ["moscow_ipv4", "moscow_nat64"])
@pytest.mark.parametrize("country", ["DE", "CA", "TR", "US", None])
def test_reputation_in_moscow_is_a_finding_for_anyone(judged, country, capture):
    """With or without a promise, a country, or a service for these users; by IPv4 or a translator."""
    found, code = judged(capture, country)
    assert (found["verdict"], found["reason"], code) == ("unexpected", "country_of_concern", 3)


def test_before_the_warning_it_was_no_concern(judged):
    """The warning is of 2022: for a flow of 2019 no one had warned, and no promise covered it."""
    found, _ = judged("statistics_2019")
    assert found["reason"] != "country_of_concern"
