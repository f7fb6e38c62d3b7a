"""What the exporter remembers over a restart: its series, from 0, and when something was last seen."""

import json
import random

import pytest

from netmon.outputs import prometheus
from netmon.outputs.prometheus import Prometheus
from netmon.outputs.remembered import NAME, SeriesFile
from netmon.records import ClassifiedFlow, Fallback, Place
from tests.outputs.engine_stats import STATS
from tests.outputs.test_prometheus import flow_values, value
from tests.records import MOSCOW, START_NS, UNEXPECTED, classified, flow

SEEN = "netmon_unexpected_last_seen_timestamp_seconds"
IN_MOSCOW = {
    "vendor": "acme",
    "component": "files",
    "location": "moscow",
    "country": "RU",
    "severity": "warning",
}


@pytest.fixture
def log():
    """The lines that were logged."""
    return []


@pytest.fixture
def start(tmp_path, log):
    """The metrics and the file as the sensor has them after a start."""

    def start():
        file = SeriesFile(tmp_path / "state", log.append)
        metrics = Prometheus("1.2.3", lambda: STATS)
        metrics.restore(file.load())
        return metrics, file

    return start


def save(metrics, file, now_s=0):
    file.save(metrics.changes, metrics.remembered, now_s)


def test_series_are_born_again_at_zero(start, log):
    """Every label set that was shown before the restart is shown after it, without its value."""
    metrics, file = start()
    metrics.flow(classified())
    fallback = Fallback("acme", "Example DNS", "vendor", None, "official")
    metrics.flow(ClassifiedFlow(flow(), fallbacks=(fallback,)))
    save(metrics, file)
    again, _ = start()
    assert flow_values(metrics) == (1, 1000, 2000)
    assert flow_values(again) == (0, 0, 0)
    assert value(again, "netmon_handshake_rtt_seconds_count", vendor="acme", location="zurich") == 0
    labels = {"vendor": "acme", "operator": "Example DNS", "question": "vendor"}
    assert value(again, "netmon_fallback_resolver_findings_total", **labels) == 0
    assert value(again, "netmon_fallback_resolver_last_seen_timestamp_seconds", **labels) == 1_700_000_002
    assert log == []


def test_findings_stay_found(start):
    """The time of a finding is shown again after a restart, and does not go back."""
    metrics, file = start()
    metrics.flow(classified(MOSCOW, UNEXPECTED))
    save(metrics, file)
    again, _ = start()
    assert value(again, SEEN, **IN_MOSCOW) == START_NS // 10**9 + 2
    again.flow(classified(MOSCOW, UNEXPECTED, last_ns=START_NS - 10**12))
    assert value(again, SEEN, **IN_MOSCOW) == START_NS // 10**9 + 2


def test_a_finding_of_a_time_that_is_still_to_come_counts_as_seen_now(start):
    """An alert that compares it with the clock ends soon after the clock was set right, also by a restart."""
    metrics, file = start()
    fallback = Fallback("acme", "Example DNS", "vendor", None, "official")
    metrics.flow(classified(MOSCOW, UNEXPECTED, last_ns=START_NS + 400 * 86_400 * 10**9))
    metrics.flow(ClassifiedFlow(flow(last_ns=START_NS + 400 * 86_400 * 10**9), fallbacks=(fallback,)))
    save(metrics, file)
    now_s = START_NS // 10**9 + 60
    for again in (metrics, start()[0]):
        again.clip(now_s)
        again.clip(now_s + 900)
        assert value(again, SEEN, **IN_MOSCOW) == now_s
        labels = {"vendor": "acme", "operator": "Example DNS", "question": "vendor"}
        assert value(again, "netmon_fallback_resolver_last_seen_timestamp_seconds", **labels) == now_s
    save(metrics, file)
    assert value(start()[0], SEEN, **IN_MOSCOW) == now_s


def test_it_is_written_only_after_changes(start, tmp_path):
    """A further flow of a known series is no reason to write, unless another minute of findings began."""
    path = tmp_path / "state" / NAME
    metrics, file = start()
    save(metrics, file)
    assert not path.exists()
    metrics.flow(classified(MOSCOW, UNEXPECTED))
    save(metrics, file, 1)
    path.unlink()
    metrics.flow(classified(MOSCOW, UNEXPECTED, flow_id=8))
    save(metrics, file, 2)
    assert not path.exists()
    metrics.flow(classified(MOSCOW, UNEXPECTED, flow_id=9, last_ns=START_NS + 60 * 10**9))
    save(metrics, file, 3)
    assert path.exists()


def test_a_restart_alone_is_no_change(start, tmp_path):
    """What was loaded is not written again."""
    metrics, file = start()
    metrics.flow(classified())
    save(metrics, file)
    again, file = start()
    (tmp_path / "state" / NAME).unlink()
    save(again, file)
    assert not (tmp_path / "state" / NAME).exists()


def test_it_contains_no_client(start, tmp_path):
    """Only labels of metrics are written, one series a line."""
    metrics, file = start()
    metrics.flow(classified(MOSCOW, UNEXPECTED))
    save(metrics, file)
    text = (tmp_path / "state" / NAME).read_text(encoding="utf-8")
    assert (
        f'["{SEEN}", "acme", "files", "moscow", "RU", "warning", 1700000002]'
        in text.replace(",\n", "\n").splitlines()
    )
    for private in ("192.0.2.17", "198.51.100.5", "files.acme.example"):
        assert private not in text


FLOWS_ROW = ["netmon_flows", "acme", "files", "zurich", "CH", "expected", "none"]
SEEN_ROW = [SEEN, "acme", "files", "moscow", "RU", "warning", 1]


def content(series=(), seen=(), **changes):
    return json.dumps({"version": 1, "series": [*series], "last_seen": [*seen], **changes}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 512,
        b"[" * 100_000,
        b"{}",
        content([FLOWS_ROW])[:-3],
        content(version=2),
        content(series=[]).replace(b'"series"', b'"serial"'),
        content([[]]),
        content([["netmon_flows", "acme"]]),
        content([["netmon_nothing", "acme"]]),
        content([[["netmon_flows"], "acme"]]),
        content([[*FLOWS_ROW[:-1], 7]]),
        content([[*FLOWS_ROW[:-1], "a\nb"]]),
        content([[*FLOWS_ROW[:-1], "x" * 1000]]),
        content([SEEN_ROW[:-1]]),
        content(seen=[SEEN_ROW[:-1]]),
        content(seen=[[*SEEN_ROW[:-1], "now"]]),
        content(seen=[[*SEEN_ROW[:-1], True]]),
        content(seen=[[*SEEN_ROW[:-1], 10**40]]),
        content(seen=[[*FLOWS_ROW, 1]]),
        b" " * (16 * 1024 * 1024 + 1),
    ],
    ids=lambda data: repr(data[:40]),
)
def test_a_damaged_file_is_set_aside(start, tmp_path, log, data):
    """One line is logged, the file is renamed, and the sensor starts without it."""
    file = tmp_path / "state" / NAME
    file.parent.mkdir()
    file.write_bytes(data)
    metrics, state = start()
    assert log == [
        f"{file}: damaged, or written by another version of netmon; renamed to {file}.damaged; "
        "metrics no longer show what was seen before the restart"
    ]
    metrics.flow(classified())
    save(metrics, state)
    assert flow_values(start()[0]) == (0, 0, 0)


def test_any_damage_is_survived(start, tmp_path, log):
    """Bytes changed, lost or doubled anywhere: the file is loaded or set aside, and metrics are served."""
    metrics, state = start()
    for number in range(20):
        metrics.flow(classified(Place(f"place{number}", "RU", None, "agreed"), UNEXPECTED, flow_id=number))
    save(metrics, state)
    file, chance = tmp_path / "state" / NAME, random.Random(4)
    before = file.read_bytes()
    for _ in range(300):
        at, length = chance.randrange(len(before)), chance.randrange(1, 40)
        part = chance.choice([b"", chance.randbytes(length), before[at : at + 2 * length]])
        file.write_bytes(before[:at] + part + before[at + length :])
        again, _ = start()
        list(again.registry.collect())
    assert 100 < len(log) <= 300


def test_what_is_remembered_leaves_room(start, monkeypatch):
    """After a restart half of the label sets are free, and those remembered grew most recently."""
    monkeypatch.setattr(prometheus, "MAX_LABEL_SETS", 10)
    metrics, file = start()
    for number in range(10):
        metrics.flow(classified(Place(f"old{number}", "RU", None, "agreed"), UNEXPECTED, flow_id=number))
    save(metrics, file)
    metrics, file = start()
    for number in range(5):
        last_ns = START_NS + number * 60 * 10**9
        place = Place(f"new{number}", "RU", None, "agreed")
        metrics.flow(classified(place, UNEXPECTED, flow_id=number, last_ns=last_ns))
    save(metrics, file)
    again, _ = start()
    places = {labels[2] for labels in again.remembered().series["netmon_flows"]}
    assert places == {f"new{number}" for number in range(5)}
    assert len(again.remembered().last_seen[SEEN]) == 5


def test_an_unwritable_folder_stops_nothing(start, tmp_path, log):
    """One line is logged, and the gauge that alerts on it can see it."""
    (tmp_path / "state").write_text("a file where the folder should be")
    metrics, file = start()
    log.clear()
    metrics.flow(classified())
    save(metrics, file)
    assert log == [
        f"{tmp_path}/state/{NAME}: file exists; until it can be written, metrics will forget at a restart "
        "what was seen before it"
    ]
    assert not file.file.is_saved
