"""Names on the dashboards, by a real Prometheus: of sensors, not addresses; of cities, not ids."""

import pytest
from msgspec.structs import replace

from grafana.src import names
from grafana.src.promql import select
from tests.grafana.boards import QUERY_RESULT, Range, fill_in, load, options, targets, variables
from tests.grafana.recording import CHOSEN
from tests.grafana.scenes import moscow, work
from tests.grafana.simulation import BEGIN_S, SIMULATED, Sensor
from tests.records import MOSCOW, UNEXPECTED

pytestmark = [pytest.mark.slow, SIMULATED]

HOUR = Range(BEGIN_S, BEGIN_S + 3600, 15)
PANELS = {(one.board, one.panel["title"], one.query["refId"]): one for one in targets()}


@pytest.fixture
def shown(database, tmp_path):
    """The names of the sensors that were seen, by address, at some time of the hour."""

    def shown(when=HOUR):
        seen = f"group by (job, instance) (last_over_time({select('netmon_build_info')}[$__range]))"
        with database.served(tmp_path) as server:
            expression = fill_in(names.with_sensor(seen), CHOSEN, when)
            found = server.call("query", query=expression, time=str(when.end_s))
        labels = [one["metric"] for one in found]
        assert len({(one["job"], one["instance"]) for one in labels}) == len(labels)
        return {one["instance"]: one["sensor"] for one in labels}

    return shown


@pytest.fixture
def offered(database, tmp_path):
    """The sensors that the variable offers for a choice of sites."""

    def offered(site):
        variable = variables(load("overview"))["instance"]
        question = QUERY_RESULT.fullmatch(variable["query"]["query"]).group(1)
        with database.served(tmp_path) as server:
            expression = fill_in(question, CHOSEN | {"site": site}, HOUR)
            return options(variable, server.call("query", query=expression, time=str(HOUR.end_s)))

    return offered


def test_a_sensor_has_its_name(database, shown):
    """It is shown by the name that was configured, also while it does not answer."""
    Sensor(database, "192.0.2.1:10977", name=("edge", "Bern")).run(3600)
    Sensor(database, "192.0.2.2:10977", name=("core", "Bern")).run(600)
    assert shown() == {"192.0.2.1:10977": "edge", "192.0.2.2:10977": "core"}


def test_a_restart_changes_no_name(database, shown):
    """A sensor that was restarted is one sensor with one name."""
    sensor = Sensor(database, "192.0.2.1:10977", name=("edge", "Bern"))
    sensor.run(1800)
    sensor.restart()
    sensor.run(3600)
    assert shown() == {"192.0.2.1:10977": "edge"}


@pytest.mark.parametrize("end_s", [3600, 2400])
def test_a_new_name_replaces_the_old_one(database, shown, end_s):
    """After a change of the configuration there is one sensor, with the new name while it answers."""
    sensor = Sensor(database, "192.0.2.1:10977", name=("old", "Bern"))
    sensor.run(1800)
    sensor.name = ("new", "Basel")
    sensor.restart()
    sensor.run(end_s)
    [(address, name)] = shown().items()
    assert address == "192.0.2.1:10977"
    assert name == "new" if end_s == 3600 else name in ("new", "old")


@pytest.mark.parametrize("name", [None, ("", "")])
def test_a_sensor_without_a_name_has_its_address(database, shown, name):
    """Without netmon_sensor_info, or with an empty name, nothing is lost."""
    sensor = Sensor(database, "192.0.2.1:10977", name=name, has_name=name is not None)
    sensor.run(3600)
    assert shown() == {"192.0.2.1:10977": "192.0.2.1:10977"}


def test_sensors_with_the_same_name_have_their_addresses(database, shown):
    """The default name tells nothing apart, so it is not shown for several sensors."""
    for number in (1, 2):
        Sensor(database, f"192.0.2.{number}:10977", name=("netmon", "")).run(3600)
    Sensor(database, "192.0.2.3:10977", name=("edge", "")).run(3600)
    addresses = {f"192.0.2.{number}:10977": f"192.0.2.{number}:10977" for number in (1, 2)}
    assert shown() == addresses | {"192.0.2.3:10977": "edge"}


def test_sensors_are_offered_by_site(database, offered):
    """With all sites, every sensor; with one, its sensors, also those that no longer answer."""
    Sensor(database, "192.0.2.1:10977", name=("edge", "Bern")).run(600)
    Sensor(database, "192.0.2.2:10977", name=("core", "Basel")).run(3600)
    Sensor(database, "192.0.2.3:10977", has_name=False).run(3600)
    bern, basel = ("edge", "192.0.2.1:10977"), ("core", "192.0.2.2:10977")
    assert offered(".*") == [("192.0.2.3:10977", "192.0.2.3:10977"), basel, bern]
    assert offered("Bern") == [bern]
    assert offered("Bern|Basel") == [basel, bern]


def test_a_finding_names_sensor_and_city(database, tmp_path):
    """Each sensor that saw it is a row; a location that no sensor describes keeps its id."""
    unheard = replace(MOSCOW, location="atlantis", city=None)
    for number, place in ((1, MOSCOW), (2, unheard)):
        sensor = Sensor(database, f"192.0.2.{number}:10977", name=(f"edge-{number}", "Bern"))
        work(sensor, 1800)
        sensor.see(place, UNEXPECTED)
        work(sensor)
    with database.served(tmp_path) as server:
        rows = server.panel(PANELS["unexpected", "Findings", "C"], CHOSEN, HOUR)
    assert {(one["metric"]["sensor"], one["metric"]["city"]) for one in rows} == {
        ("edge-1", "Moscow"),
        ("edge-2", "atlantis"),
    }


def test_what_is_known_about_countries_of_concern(database, tmp_path):
    """Flows by standing, a zero included, and the country that round trips excluded."""
    moscow(Sensor(database))
    with database.served(tmp_path) as server:
        titles = {name: [] for name in ("Ended in a country of concern?", "Excluded by round trips")}
        for (_board, title, _ref), one in PANELS.items():
            if title in titles:
                titles[title] += [round(float(row["value"][1])) for row in server.panel(one, CHOSEN, HOUR)]
    assert titles == {"Ended in a country of concern?": [4, 30, 0, 90], "Excluded by round trips": [90]}


def test_findings_are_marked_at_their_time(database, tmp_path):
    """The annotation's value is the time of the finding in ms; its text names vendor and city."""
    moscow(Sensor(database))
    [marks] = load("overview")["annotations"]["list"]
    with database.served(tmp_path) as server:
        expression = fill_in(marks["expr"], CHOSEN, HOUR)
        [found] = server.call("query", query=expression, time=str(HOUR.end_s))
    assert float(found["value"][1]) == (BEGIN_S + 1800) * 1000
    assert {"acme", "files", "Moscow", "RU", "unexpected", "critical"} <= set(found["metric"].values())
