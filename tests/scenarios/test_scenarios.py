"""Each scenario through `netmon read`: verdict, severity and exit code, and what the reader is told."""

import json
from functools import cache

import pytest
from click.testing import CliRunner

from netmon.cli.app import app
from tests.places.mmdb import nested, write_database
from tests.scenarios import page
from tests.scenarios.table import CLIENTS, SCENARIOS, SOURCES

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """What `netmon read` does with a scenario: exit code, standard output, standard error."""
    folder = tmp_path_factory.mktemp("scenarios")
    records = {network: nested(*where.split("/")) for network, where in SOURCES.items()}
    text = "GeoLite2 City database"
    write_database(folder / "mmdb" / "GeoLite2-City.mmdb", records, "GeoLite2-City", description=text)

    @cache
    def read(scenario, *words):
        (folder / "scenario.pcap").write_bytes(scenario.packets())
        config = folder / "netmon.yaml"
        config.write_text(f"{scenario.config}places: {{databases: [mmdb]}}\n", encoding="utf-8")
        done = RUNNER.invoke(app, ["read", "--config", str(config), *words, str(folder / "scenario.pcap")])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return read


def events(output):
    return [json.loads(line)["netmon"] for line in output.splitlines()]


def rows():
    """Every scenario, with its name."""
    return [pytest.param(one, id=one.name) for one in SCENARIOS]


@pytest.mark.parametrize("scenario", rows())
def test_verdict(read, scenario):
    """The event of the only flow of the vendor has the verdict and the reason that are right."""
    _, output, _ = read(scenario, "--json")
    found = [(one["verdict"], one["reason"]) for one in events(output)]
    assert found == ([] if scenario.outcome is None else [(scenario.outcome, scenario.reason)])


@pytest.mark.parametrize("scenario", rows())
def test_severity_and_exit_code(read, scenario):
    """A finding has a severity, and only from "warning" up the exit code is that of an alarm."""
    code, output, _ = read(scenario, "--json")
    assert {one.get("severity") for one in events(output)} <= {scenario.severity}
    assert code == scenario.exit_code == read(scenario)[0]


@pytest.mark.parametrize("scenario", rows())
def test_sentence(read, scenario):
    """The reader is told what it means, in the event, in the summary or in a warning beside it."""
    _, summary, warnings = read(scenario)
    _, output, _ = read(scenario, "--json")
    explanations = [one.get("explanation", "") for one in events(output)]
    told = " ".join(" ".join([summary, warnings, *explanations]).split())
    assert scenario.sentence in told


@pytest.mark.parametrize("scenario", rows())
@pytest.mark.parametrize("level", ["1", "2", "3"])
def test_privacy_changes_nothing_about_the_verdict(read, scenario, level):
    """What is hidden of clients is hidden after their flows were judged."""
    _, output, _ = read(scenario, "--json", "--privacy", level)
    found = [(one["verdict"], one["reason"]) for one in events(output)]
    assert found == ([] if scenario.outcome is None else [(scenario.outcome, scenario.reason)])
    assert [one for one in CLIENTS if f'"{one}"' in output] == []


def test_an_edge_is_in_the_event(read):
    """The event names who answers for the vendor, and says that the origin is not seen."""
    [scenario] = [one for one in SCENARIOS if "content delivery network" in one.name]
    [event] = events(read(scenario, "--json")[1])
    assert event["edge"] == {"holder": "carrier in China", "origin": "not seen"}


def test_the_page_is_generated():
    """`python -m tests.scenarios.page` writes the page of the documentation from the same list."""
    assert page.PATH.read_text(encoding="utf-8") == page.text()
