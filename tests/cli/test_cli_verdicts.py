"""Verdicts that an auditor would ask about: a capture, a configuration, the verdict, and the exit code."""

import json
from pathlib import Path

import pytest

CAPTURES = Path(__file__).parents[1] / "verdicts"
NO_DATABASES = "places: {databases: []}\n"


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
