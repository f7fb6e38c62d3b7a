"""The file of the smallest round trips, across restarts and moves of the sensor."""

import json

import pytest

from netmon.places.declared import Position
from netmon.places.round_trips_file import NAME, SAVE_EVERY_S, RoundTripsFile
from tests.places.test_round_trips import MS, SERVER, record, seen

FRANKFURT = Position(50.111, 8.682, 10)
OTHER = "2001:db8::9"


@pytest.fixture
def log():
    """The lines that were logged."""
    return []


@pytest.fixture
def opened(tmp_path, log):
    """Opens the file as the sensor does at its start."""
    return lambda position=FRANKFURT: RoundTripsFile(tmp_path, position, log.append)


@pytest.fixture
def saved(opened):
    """Round trips to two servers, saved by a sensor in Frankfurt."""
    file = opened()
    trips = file.load()
    record(trips, seen(4))
    record(trips, seen(9, server=OTHER, interception="unknown"))
    file.save(trips, 0)
    return trips


def test_round_trips_outlive_a_restart(opened, saved, log):
    """With their times and numbers of samples, and nothing is logged."""
    assert opened().load().remembered() == saved.remembered()
    assert log == []


@pytest.mark.parametrize(
    "position", [None, Position(50.111, 8.683, 10), Position(50.111, 8.682, 50)], ids=repr
)
def test_a_sensor_that_moved_forgets_them(opened, saved, log, position):
    """Another position, or none: the round trips were measured from elsewhere."""
    assert opened(position).load().remembered() == []
    assert log == []


def test_the_file_has_servers_and_no_clients(tmp_path, saved):
    """One server a line."""
    text = (tmp_path / NAME).read_text(encoding="utf-8")
    assert json.loads(text)["position"] == [50.111, 8.682, 10]
    assert f'["{SERVER}", 4000000, 1, {saved.remembered()[0][1].seen_ns}, "unlikely"],' in text.splitlines()
    assert "192.0.2.17" not in text


def test_it_is_saved_once_a_minute_and_at_the_end(opened, saved, tmp_path):
    """Between two of the sensor's checks nothing is written."""
    file = opened()
    trips = file.load()
    times = []
    for now_s in (0, 1, SAVE_EVERY_S, SAVE_EVERY_S + 1, float("inf")):
        (tmp_path / NAME).unlink(missing_ok=True)
        record(trips, seen(3 - len(times) / 10))
        trips.forget(SERVER)
        file.save(trips, now_s)
        times.append((tmp_path / NAME).exists())
    assert times == [True, False, True, False, True]


@pytest.mark.parametrize(
    "row",
    [
        [SERVER, 4 * MS, 1, 1],
        ["files.acme.example", 4 * MS, 1, 1, "unlikely"],
        [SERVER, 0, 1, 1, "unlikely"],
        [SERVER, True, 1, 1, "unlikely"],
        [SERVER, 4.5, 1, 1, "unlikely"],
        [SERVER, 4 * MS, 1, 2**63, "unlikely"],
        [SERVER, 4 * MS, 1, 1, "suspected"],
        [7, 4 * MS, 1, 1, "unlikely"],
        "text",
        None,
    ],
    ids=repr,
)
def test_a_damaged_file_is_set_aside(opened, saved, tmp_path, log, row):
    """One line is logged, and the round trips are measured anew."""
    content = json.loads((tmp_path / NAME).read_text(encoding="utf-8"))
    content["servers"].append(row)
    (tmp_path / NAME).write_text(json.dumps(content), encoding="utf-8")
    assert opened().load().remembered() == []
    assert len(log) == 1
    assert log[0].endswith("the smallest round trips are measured anew")
