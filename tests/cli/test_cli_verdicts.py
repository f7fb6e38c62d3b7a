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
