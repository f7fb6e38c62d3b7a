"""The live sensor on a source with a list of batches, without a mirror port or privileges."""

import json
import shutil
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from netmon import sensor as sensor_module
from netmon._engine import Engine, Matcher
from netmon.config.settings import Config
from netmon.errors import ConfigError, SignatureError, SourceError
from netmon.outputs.lines import Lines, StandardOutput
from netmon.places.declared import Position
from netmon.privacy import ADDRESS, Privacy
from netmon.quality import INTERCEPTED
from netmon.sensor import Sensor
from netmon.signatures.load import load_folder
from netmon.sources import Batch
from netmon.verdict.policy import Policy
from tests import records
from tests.bench.signatures import write_set
from tests.places.mmdb import DAY_S, JUNE_S, nested, write_database

SIGNATURES = Path(__file__).parent / "golden" / "signatures"
EMPTY = Batch([], [])
STATUS = "watching eth1"
NOW_NS = 1_780_000_000 * 10**9
FRANKFURT = Position(50.11, 8.68)


class Source:
    """A source with prepared batches. A function among them is called, and an empty batch follows."""

    def __init__(self, *batches):
        self._batches = batches
        self._turns = 0
        self.counters = Engine(Matcher([], [], [])).stats()
        self.matchers = []
        self.is_stopped = False
        self.failure = None
        self.rest = EMPTY

    def open(self, matcher):
        """Open the source, as the sensor does."""
        self.matchers.append(matcher)
        return self

    def batches(self):
        """The batches until `stop`; then `failure` is raised, if there is one."""
        for one in self._batches:
            if self.is_stopped:
                return
            self._turns += 1
            if callable(one):
                one()
            yield EMPTY if callable(one) else one
        if self.failure:
            raise self.failure

    def reload(self, matcher):
        """Keep the matcher; the remaining flows of the old one."""
        self.matchers.append(matcher)
        return self.rest

    def stop(self):
        """End the batches."""
        self.is_stopped = True

    def stats(self):
        """The counters of an engine without packets."""
        return self.counters

    def turns(self):
        """The number of batches."""
        return [self._turns]


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A configuration with signatures and state in temporary folders, and without databases."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    shutil.copytree(SIGNATURES, tmp_path / "signatures")
    return Config(
        signatures=tmp_path / "signatures",
        databases=(),
        state=tmp_path / "state",
        hold_zero_s=0,
        learning_days=0,
    )


@pytest.fixture
def log():
    """The lines logged by the sensor."""
    return []


@pytest.fixture
def make(config, log):
    """Make a sensor on a source, with changes to the configuration."""

    def make(source, **changes):
        return Sensor(replace(config, **changes), source.open, log.append)

    return make


@pytest.fixture
def a_rule(config):
    """A rule of the signatures, for flows that match."""
    signatures = load_folder(config.signatures)
    return next(rule for rule in signatures.rules if rule.status != "unverified")


def total(sensor, name):
    """The sum of a metric over all its labels."""
    samples = [sample for metric in sensor.prometheus.registry.collect() for sample in metric.samples]
    return sum(sample.value for sample in samples if sample.name == name)


def test_flows_reach_every_output(make, a_rule, tmp_path):
    """A flow of a batch is counted, and written as an event with the sensor's name."""
    path = tmp_path / "events.jsonl"
    sensor = make(Source(Batch([records.flow(signature=a_rule.number)], [records.QUERY])), sensor="berlin")
    with path.open("ab") as file:
        lines = Lines(StandardOutput(file.fileno()), "events", pytest.fail)
        sensor.add_events(lines, Privacy(ADDRESS, b""))
        sensor.run(STATUS)
    flow, query = map(json.loads, path.read_text().splitlines())
    assert flow["observer"]["name"] == "berlin"
    assert flow["netmon"]["vendor"] == a_rule.vendor
    assert query["dns"]["question"]["name"] == "files.acme.example"
    assert total(sensor, "netmon_flows_total") == 1


def test_it_is_ready_while_it_runs(make, log):
    """It is ready from the first batch to the last, after the status is logged."""
    ready = []
    sensor = make(Source(lambda: ready.append((sensor.is_ready(), list(log)))))
    assert not sensor.is_ready()
    sensor.run(STATUS)
    assert ready == [(True, [STATUS])]
    assert not sensor.is_ready()


def test_stop_ends_the_run(make):
    """After a stop no further batch is processed."""
    later = []

    def stop():
        sensor.stop()

    sensor = make(Source(stop, lambda: later.append(1)))
    sensor.run(STATUS)
    assert later == []


def test_a_failing_source_ends_the_run(make, config, a_rule):
    """The caller gets the error, and the state is saved."""
    source = Source(Batch([records.flow(signature=a_rule.number, server="198.51.100.1")], []))
    source.failure = SourceError("eth1: network is down")
    with pytest.raises(SourceError, match="network is down"):
        make(source).run(STATUS)
    assert (config.state / "destinations.json").is_file()


def test_destinations_are_remembered_over_runs(make, a_rule):
    """The first run reports a destination as new, and the second one does not."""

    def news():
        sensor = make(Source(Batch([records.flow(signature=a_rule.number)], [])))
        sensor.run(STATUS)
        return total(sensor, "netmon_new_destinations_total")

    assert news() > 0
    assert news() == 0


def test_metrics_remember_over_runs(make, a_rule):
    """A series that a run has shown is there again in the next one, at 0; without the state it is not."""
    seen = make(Source(Batch([records.flow(signature=a_rule.number)], [])))
    seen.run(STATUS)
    shown = set(seen.prometheus.remembered().series["netmon_flows"])
    again = make(Source())
    assert shown <= set(again.prometheus.remembered().series["netmon_flows"])
    assert total(again, "netmon_flows_total") == 0


def test_findings_stay_found_over_runs(make, a_rule):
    """The time of a finding is shown again after a restart, also after one in which nothing was found."""
    contact = records.flow(signature=a_rule.number, server="8.8.8.8", start_ns=NOW_NS, last_ns=NOW_NS)
    policy = Policy(forbidden_vendors=frozenset({a_rule.vendor}))
    make(Source(Batch([contact], [])), policy=policy).run(STATUS)
    name = "netmon_forbidden_last_seen_timestamp_seconds"
    for _ in range(2):
        sensor = make(Source(EMPTY), policy=policy)
        sensor.run(STATUS)
        assert total(sensor, name) == NOW_NS // 10**9


def test_silence_is_remembered_over_runs(make, monkeypatch):
    """An interface without a packet of a flow since before a restart is silent since then."""

    def seen_s(now_s, flow_packets):
        monkeypatch.setattr(sensor_module.time, "time", lambda: float(now_s))
        source = Source(EMPTY)
        source.counters = source.counters | {"view": {"eth1": {"flow_packets": flow_packets}}}
        sensor = make(source)
        sensor.run(STATUS)
        return total(sensor, "netmon_view_last_flow_packet_timestamp_seconds")

    assert seen_s(1_000_000, 7) == 1_000_000
    assert seen_s(1_000_200, 0) == 1_000_000
    assert seen_s(1_009_000, 0) == 1_000_000
    assert seen_s(1_009_500, 1) == 1_009_500


@pytest.mark.parametrize(
    ("later", "remembered_ms"), [(FRANKFURT, 12.4), (Position(48.1, 11.6), None), (None, None)]
)
def test_round_trips_are_remembered_over_runs(make, a_rule, tmp_path, later, remembered_ms):
    """Unless the sensor has moved: they are shown for a flow of which none was measured."""
    measured = records.flow(signature=a_rule.number)
    unmeasured = replace(measured, rtt_ns=None, answer_rtt_ns=None)

    def place_of(flow, position):
        sensor, path = make(Source(Batch([flow], [])), position=position), tmp_path / "events.jsonl"
        with path.open("wb") as file:
            lines = Lines(StandardOutput(file.fileno()), "events", pytest.fail)
            sensor.add_events(lines, Privacy(ADDRESS, b""))
            sensor.run(STATUS)
        return json.loads(path.read_text())["netmon"]["place"]

    assert place_of(measured, FRANKFURT)["rtt_ms"] == 12.4
    place = place_of(unmeasured, later)
    assert (place.get("rtt_min_ms"), place.get("rtt_ms")) == (remembered_ms, None)


def test_an_unwritable_state_is_reported(make, config, a_rule):
    """Also if only the file of round trips cannot be written."""
    (config.state / "round_trips.json.new").mkdir(parents=True)
    sensor = make(Source(Batch([records.flow(signature=a_rule.number)], [])))
    sensor.run(STATUS)
    assert total(sensor, "netmon_state_last_write_successful") == 0


def test_a_reload_uses_the_new_signatures(make, config, log, a_rule):
    """The source gets a new matcher; flows tagged by the old one are still delivered."""

    def request():
        sensor.request_reload()

    source = Source(request, EMPTY)
    source.rest = Batch([records.flow(signature=a_rule.number)], [])
    sensor = make(source)
    sensor.run(STATUS)
    assert len(source.matchers) == 2
    assert log == [STATUS, f"signatures reloaded from {config.signatures}"]
    assert total(sensor, "netmon_config_last_reload_successful") == 1


def test_wrong_signatures_leave_the_old_ones(make, config, log):
    """One line has the error; the source keeps its matcher, and the metric is 0."""

    def break_signatures():
        (config.signatures / "broken.yaml").write_text("vendor: acme\nmistake: 1\n")
        sensor.request_reload()

    source = Source(break_signatures, EMPTY)
    sensor = make(source)
    sensor.run(STATUS)
    assert len(source.matchers) == 1
    assert log[1].startswith("the old signatures stay in use: ")
    assert "broken.yaml:" in log[1]
    assert total(sensor, "netmon_config_last_reload_successful") == 0


def test_a_source_that_cannot_reload(make, log):
    """Its error is logged, and the sensor continues."""
    batches = []

    def request():
        sensor.request_reload()

    def reload(_matcher):
        raise SourceError("no reload here")

    source = Source(request, lambda: batches.append(1))
    source.reload = reload
    sensor = make(source)
    sensor.run(STATUS)
    assert log[1] == "the old signatures stay in use: no reload here"
    assert batches == [1]


def test_a_reload_from_another_thread_gets_its_outcome(make, config):
    """`reload` waits for the result: None for success, else the error."""
    outcomes = []

    def reload_twice():
        outcomes.append(sensor.reload())
        (config.signatures / "broken.yaml").write_text("vendor: acme\nmistake: 1\n")
        outcomes.append(sensor.reload())
        sensor.stop()

    sensor = make(Source(*[lambda: time.sleep(0.01)] * 3000))
    thread = threading.Thread(target=reload_twice)
    thread.start()
    sensor.run(STATUS)
    thread.join()
    assert outcomes[0] is None
    assert "broken.yaml:" in outcomes[1]


def test_a_reload_times_out(make, monkeypatch):
    """A sensor that does not run returns an error after the timeout."""
    monkeypatch.setattr(sensor_module, "RELOAD_WITHIN_S", 0.01)
    assert make(Source()).reload() == "the sensor is busy or ending"


def test_replaced_databases_are_picked_up_at_a_reload(make, log, tmp_path):
    """A new build is logged with its date, a damaged file with the error; the last good one stays in use."""
    file = tmp_path / "city.mmdb"
    write_database(file, {"192.0.2.0/24": nested("CH")})

    def replace_database():
        write_database(tmp_path / "new", {"192.0.2.0/24": nested("CH")}, built_s=JUNE_S + DAY_S).replace(file)
        sensor.request_reload()

    def break_database():
        file.write_text("503 Service Unavailable")
        sensor.request_reload()

    sensor = make(Source(replace_database, break_database), databases=(file,))
    sensor.run(STATUS)
    logged = [line for line in log[1:] if not line.startswith("signatures reloaded")]
    assert logged[0] == "location databases in use: GeoLite2-City of 2026-06-18"
    assert logged[1].startswith(f"{file}: ")
    assert logged[1].endswith("its last good version stays in use")


def test_a_suspicion_of_interception_is_logged_once(make, log, monkeypatch):
    """It is logged when it begins, and again only after it has ended."""
    now_s = iter(range(0, 1000, 10))
    monkeypatch.setattr(sensor_module.time, "monotonic", lambda: next(now_s))

    def suspect(count):
        source.counters["interceptions"] = count

    source = Source(*(partial(suspect, count) for count in (0, 1, 2, 0, 1)))
    make(source).run(STATUS)
    assert log == [STATUS, INTERCEPTED, INTERCEPTED]


def test_counters_of_source_and_sensor_are_combined(make):
    """Evictions from the engine's tables and from the sensor's own are in one table."""
    source = Source()
    source.counters["evicted"] = {"flows": 7}
    evicted = {"flows": 7, "round_trips": 0, "destinations": 0, "counted_machines": 0, "printed_findings": 0}
    assert make(source)._stats()["evicted"] == evicted


def test_capture_starts_only_after_everything_else(make, config):
    """Errors in signatures or databases are reported before the source is opened."""
    source = Source()
    with pytest.raises(ConfigError, match=r"no-such\.mmdb"):
        make(source, databases=(config.state / "no-such.mmdb",))
    (config.signatures / "broken.yaml").write_text("vendor: acme\nmistake: 1\n")
    with pytest.raises(SignatureError):
        make(source)
    assert source.matchers == []


@pytest.mark.alone
def test_a_reload_does_not_hold_up_the_loop(make, config, log):
    """While a large set loads, batches are processed; the longest pause is far below that of a watchdog."""
    write_set(config.signatures, 20_000, 20_000)
    pauses, times = [], [time.monotonic()]

    def pass_time():
        time.sleep(0.002)
        now_s = time.monotonic()
        pauses.append(now_s - times[0])
        times[0] = now_s
        if len(pauses) == 3:  # the loop is under way
            sensor.request_reload()
        if log[-1].startswith("signatures reloaded"):
            sensor.stop()

    sensor = make(Source(*[pass_time] * 5000))
    times[0] = time.monotonic()
    sensor.run(STATUS)
    assert log[-1] == f"signatures reloaded from {config.signatures}"
    assert len(pauses) > 20  # the loop went on
    assert max(pauses) < 2.0  # a loaded machine; usually hundredths of a second
