"""The verdict at a glance, in every state of a site, by a real Prometheus: its value and its sentence."""

import re

import pytest
from msgspec.structs import replace

from tests.grafana import scenes
from tests.grafana.boards import Range, targets
from tests.grafana.recording import CHOSEN
from tests.grafana.scenes import work
from tests.grafana.simulation import BEGIN_S, SIMULATED, Sensor
from tests.records import MOSCOW, UNEXPECTED

pytestmark = [pytest.mark.slow, SIMULATED]

HOUR = Range(BEGIN_S, BEGIN_S + 3600, 15)
PANELS = {one.panel["title"]: one for one in targets() if one.board == "overview"}
CRITICAL, NOTICE = (replace(UNEXPECTED, severity=severity) for severity in ("critical", "notice"))
FORBIDDEN = replace(UNEXPECTED, outcome="forbidden", reason="policy_forbids")
FRANKFURT = replace(MOSCOW, location="frankfurt", country="DE", city="Frankfurt")


@pytest.fixture
def shown(database, tmp_path):
    """The value of the verdict and its sentence, an hour after the beginning."""

    def shown(when=HOUR, **chosen):
        with database.served(tmp_path) as server:
            [found] = server.panel(PANELS["Verdict"], CHOSEN | chosen, when)
            return float(found["value"][1]), found["metric"]["sentence"]

    return shown


def test_clean(database, shown):
    """It is green, and says how much was judged."""
    work(Sensor(database))
    value, sentence = shown()
    assert (value, sentence) == (1, "90 of 120 flows judged, 1 of 1 sensors report, view good")


def test_one_expected_flow_is_not_enough(database, shown):
    """Below the share that must be judged it is amber."""
    work(Sensor(database), expected=1, undecided=9)
    value, sentence = shown()
    assert value == 1.5
    assert re.fullmatch(r"30 of 30\d flows judged, 1 of 1 sensors report, view good", sentence)


def test_one_live_sensor_of_three_is_not_enough(database, shown):
    """A sensor that stopped reporting is missed."""
    for number in range(3):
        work(Sensor(database, f"site{number}:10977"), 3600 if number == 0 else 600 * number)
    value, sentence = shown()
    assert value == 1.5
    assert sentence.endswith("flows judged, 1 of 3 sensors report, view good")


def test_a_poor_view_is_not_green(database, shown):
    """A view that was poor for a tenth of the time makes it amber."""
    sensor = Sensor(database)
    work(sensor, 3000)
    sensor.stats["degraded"] = {("eth1", "unseen"): 1}
    work(sensor, 3400)
    sensor.stats["degraded"] = {("eth1", "unseen"): 0}
    work(sensor)
    value, sentence = shown()
    assert value == 1.5
    assert sentence.endswith("view poor on 1 interface, see Sensor health")


def test_everything_undecided(database, shown):
    """It is neither green nor red."""
    work(Sensor(database), expected=0)
    assert shown() == (2, "0 of 30 flows judged, 1 of 1 sensors report, view good")


def test_idle(database, shown):
    """A sensor without a flow of a vendor says so."""
    Sensor(database).run(3600)
    assert shown() == (0, "0 of 0 flows judged, 1 of 1 sensors report, view good")


@pytest.fixture
def only_names(database, tmp_path):
    """The panel about names without a flow: the queries of each vendor, an hour after the beginning."""
    [panel] = [one for one in targets() if one.panel["title"].startswith("Names that were looked up")]

    def only_names():
        with database.served(tmp_path) as server:
            found = server.panel(panel, CHOSEN, HOUR)
            return {one["metric"]["vendor"]: float(one["value"][1]) for one in found}

    return only_names


def look_up(sensor):
    """Names of two vendors are looked up in the middle of the time range."""
    sensor.run(1200)
    sensor.stats["looked_up"] = {"acme": 7, "globex": 3}


def test_names_that_were_looked_up_are_told_from_nothing(database, shown, only_names):
    """As long as there is no flow of any vendor; Sensor health says which vendors it were."""
    sensor = Sensor(database)
    look_up(sensor)
    sensor.run(3600)
    assert shown() == (0.5, "0 of 0 flows judged, 1 of 1 sensors report, view good")
    assert only_names() == {"acme": 7, "globex": 3}


def test_a_vendor_with_flows_was_not_only_looked_up(database, shown, only_names):
    """The verdict is about the flows, and Sensor health names the other vendor only."""
    sensor = Sensor(database)
    look_up(sensor)
    work(sensor)
    assert shown()[0] == 1
    assert only_names() == {"globex": 3}


def test_dead(database, shown):
    """Without any sensor the verdict is alarming, and says what to check."""
    work(Sensor(database), 1800)
    value, sentence = shown()
    assert value == -1
    assert sentence.startswith("check the service, the network and the targets of Prometheus")


def test_blind(database, shown):
    """A sensor whose mirror port shows nothing is alarming too."""
    sensor = Sensor(database)
    work(sensor, 1800)
    sensor.is_blind = True
    sensor.run(3600)
    value, sentence = shown()
    assert value == -2
    assert sentence == (
        "45 of 60 flows judged, 1 of 1 sensors report, no traffic on 1 interface, see the runbook NoPackets"
    )


@pytest.mark.parametrize("expected", [3, 0])
def test_one_blind_sensor_of_two(database, tmp_path, expected):
    """It is neither green nor calm, the sentence says what to check, and Sensor health is red about it."""
    one, other = Sensor(database), Sensor(database, "bern:10977")
    for sensor in (one, other):
        work(sensor, 1800, expected=expected, undecided=0)
    other.is_blind = True
    other.run(3600)
    work(one, expected=expected, undecided=0)
    basis = "2 of 2 sensors report, no traffic on 1 interface, see the runbook NoPackets"
    boards = {(one.board, one.panel["title"], one.query["refId"]): one for one in targets()}

    def ask(*name):
        return server.panel(boards[name], CHOSEN, HOUR)

    with database.served(tmp_path) as server:
        for board, title in (("overview", "Verdict"), ("unexpected", "What this rests on")):
            [found] = ask(board, title, "A")
            assert found["value"][1] == "1.5"
            judged = re.fullmatch(rf"(\d+) of (\d+) flows judged, {basis}", found["metric"]["sentence"])
            assert judged[1] == judged[2] == ("135" if expected else "0")
        [poor] = ask("sensor-health", "Poor views now", "A")
        assert poor["value"][1] == "1"
        [share], [now] = (ask("sensor-health", "Poor views", query) for query in "AB")
        assert share["metric"]["sensor"] == "bern"
        assert share["metric"]["reason"] == now["metric"]["reason"] == "No traffic arrives"
        assert float(share["value"][1]) == pytest.approx(0.5, abs=0.02)
        assert now["value"][1] == "1"


@pytest.mark.parametrize(
    ("scene", "value"), [(scenes.idle, "0"), (scenes.undecided, "1.5"), (scenes.clean, "1")]
)
def test_the_basis_is_good_only_if_enough_was_judged(database, tmp_path, scene, value):
    """Without any flow of a vendor it is calm, and does not say that all is as promised."""
    scene(Sensor(database))
    [basis] = [
        one
        for one in targets()
        if (one.board, one.query["refId"]) == ("unexpected", "A")
        and one.panel["title"] == "What this rests on"
    ]
    with database.served(tmp_path) as server:
        [found] = server.panel(basis, CHOSEN, HOUR)
    assert found["value"][1] == value


def blind(sensor):
    """The mirror port shows no packets of flows."""
    sensor.is_blind = True
    sensor.run(3600)


@pytest.mark.parametrize(
    ("scene", "advice"),
    [
        (scenes.idle, "check the mirror port if you expect some"),
        (blind, "see the runbook NoPackets"),
        (scenes.dead, "see the runbook SensorDown"),
        (scenes.poor_view, "see Sensor health"),
    ],
)
def test_advice(database, tmp_path, scene, advice):
    """Where little or nothing was seen, the verdict says what to check."""
    scene(Sensor(database))
    with database.served(tmp_path) as server:
        [found] = server.panel(PANELS["Verdict"], CHOSEN, HOUR)
    assert advice in f"{found['metric']['text']} {found['metric']['sentence']}"


@pytest.mark.parametrize(
    ("verdict", "value"), [(CRITICAL, 3), (UNEXPECTED, 3), (FORBIDDEN, 4), (NOTICE, 3.1)]
)
def test_findings(database, shown, verdict, value):
    """The value says how serious it is, and the sentence names count, volume, vendor and place."""
    sensor = Sensor(database)
    work(sensor, 1800)
    sensor.see(MOSCOW, verdict, flows=4, sent=1970)
    work(sensor)
    assert shown() == (value, "4 flows, 7.9 kB, acme → Moscow")


def test_a_critical_finding_is_named_first(database, shown):
    """One flow to Moscow is named before hundreds that are less serious."""
    sensor = Sensor(database)
    work(sensor, 1200)
    sensor.see(FRANKFURT, FORBIDDEN, flows=400)
    sensor.see(MOSCOW, CRITICAL, sent=3_000_000)
    work(sensor)
    assert shown() == (4, "1 flow, 3 MB, acme → Moscow")


def test_a_finding_is_shown_at_once(database, shown):
    """Before its counters have a value, the last-seen time says where it was."""
    sensor = Sensor(database)
    work(sensor, 3570)
    sensor.see(MOSCOW, UNEXPECTED)
    work(sensor)
    assert shown() == (3, "acme → Moscow")


@pytest.mark.parametrize("end_s", [1810, 3600])
def test_a_dead_sensor_does_not_take_its_finding_along(database, shown, end_s):
    """What was found within the range stays found, whatever happens to the sensor."""
    sensor = Sensor(database)
    work(sensor, 1500)
    sensor.see(MOSCOW, UNEXPECTED, flows=4, sent=1970)
    work(sensor, end_s)
    value, sentence = shown()
    assert value == 3
    assert re.fullmatch(r"4 flows, (7\.9|8\.\d) kB, acme → Moscow", sentence)


def test_a_restart_loses_nothing(database, tmp_path):
    """Verdict, findings, flows and bytes are those of both runs."""
    sensor = Sensor(database)
    work(sensor, 1500)
    sensor.see(MOSCOW, UNEXPECTED, flows=4, sent=1970)
    work(sensor, 1800)
    sensor.now_s += 30
    sensor.restart()
    work(sensor)
    with database.served(tmp_path) as server:
        numbers = {}
        for title in ("Verdict", "Findings", "Flows", "Sent", "Last finding"):
            [found] = server.panel(PANELS[title], CHOSEN, HOUR)
            numbers[title] = float(found["value"][1])
    assert numbers["Verdict"] == 3
    assert numbers["Findings"] == pytest.approx(4, rel=0.02)
    assert numbers["Flows"] == pytest.approx(124, rel=0.02)
    assert numbers["Sent"] == pytest.approx(120_000 + 4 * 1970, rel=0.02)
    assert numbers["Last finding"] == (BEGIN_S + 1500) * 1000


def test_a_pause_invents_nothing(database, tmp_path):
    """Missed scrapes of 45 seconds, late in the range, change neither findings nor bytes."""
    sensor = Sensor(database)
    work(sensor, 3000)
    sensor.now_s += 45
    work(sensor)
    with database.served(tmp_path) as server:
        [sent] = server.panel(PANELS["Sent"], CHOSEN, HOUR)
        [findings] = server.panel(PANELS["Findings"], CHOSEN, HOUR)
    assert float(sent["value"][1]) == pytest.approx(120_000, rel=0.05)
    assert float(findings["value"][1]) == 0


def test_first_day(database, shown):
    """A range that began before the sensor's first start shows what there was since."""
    sensor = Sensor(database)
    sensor.now_s += 3000
    sensor.start()
    work(sensor)
    value, sentence = shown()
    assert (value, sentence) == (1, "15 of 20 flows judged, 1 of 1 sensors report, view good")


def test_another_sensor_is_not_selected(database, shown):
    """The verdict is that of the selected sensors."""
    work(Sensor(database, "berlin:10977"))
    other = Sensor(database, "bonn:10977")
    other.see(MOSCOW, UNEXPECTED)
    work(other)
    assert shown(instance="berlin:10977")[0] == 1
