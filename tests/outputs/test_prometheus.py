"""Metrics: what classified flows add up to, what the engine counts, and that labels stay bounded."""

import datetime
import subprocess
import threading

import pytest
from prometheus_client import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from netmon.outputs import prometheus
from netmon.outputs.metrics import FLOW_LABELS, METRICS
from netmon.outputs.process import register_process
from netmon.outputs.prometheus import Prometheus
from netmon.records import EVIDENCE, QUESTIONS, UNNAMED, ClassifiedFlow, Fallback, Place, Verdict
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from tests.machine import need
from tests.outputs.engine_stats import STATS
from tests.records import DISPUTED, EXPECTED, MOSCOW, START_NS, UNDECIDED, UNEXPECTED, classified, flow

NEW_IN_RUSSIA = {"vendor": "acme", "kind": "network", "country": "RU"}
ZURICH_LABELS = {
    "vendor": "acme",
    "component": "files",
    "location": "zurich",
    "country": "CH",
    "verdict": "expected",
    "severity": "none",
}


@pytest.fixture
def metrics():
    return Prometheus("1.2.3", lambda: STATS)


def value(metrics, name, **labels):
    return metrics.registry.get_sample_value(name, labels)


def flow_values(metrics, **labels):
    names = ("netmon_flows_total", "netmon_sent_bytes_total", "netmon_received_bytes_total")
    return tuple(value(metrics, name, **(ZURICH_LABELS | labels)) for name in names)


def test_flow_of_a_capture_file(metrics):
    """A flow that is reported once is counted once, with all its bytes."""
    metrics.flow(classified())
    assert flow_values(metrics) == (1, 1000, 2000)


def test_live_flow_is_counted_once_and_updated_by_every_report(metrics):
    """Each report adds its new bytes; the flow is counted by the first."""
    metrics.flow(classified(phase="open", new_sent_bytes=100, new_received_bytes=50))
    assert flow_values(metrics) == (1, 100, 50)
    metrics.flow(classified(phase="update", new_sent_bytes=300, new_received_bytes=0))
    assert flow_values(metrics) == (1, 400, 50)
    metrics.flow(classified(phase="end", new_sent_bytes=600, new_received_bytes=1950))
    assert flow_values(metrics) == (1, 1000, 2000)


def test_reused_number_is_another_flow(metrics):
    """The number of an ended flow can be reused: ended flows are not remembered."""
    for _ in range(3):
        metrics.flow(classified())
    assert flow_values(metrics)[0] == 3


def test_flow_of_no_vendor_has_no_series(metrics):
    """It is counted only in the engine's totals."""
    before = generate_latest(metrics.registry)
    metrics.flow(ClassifiedFlow(flow()))
    assert generate_latest(metrics.registry) == before


@pytest.mark.parametrize("verdict", [UNEXPECTED, Verdict("forbidden", "policy_forbids", severity="warning")])
def test_last_seen_is_a_packet_time(metrics, verdict):
    """It is the time of the latest finding, on which alerts depend, and never decreases."""
    metrics.flow(classified(MOSCOW, verdict))
    metrics.flow(classified(MOSCOW, verdict, last_ns=START_NS))
    labels = {"vendor": "acme", "component": "files", "location": "moscow", "country": "RU"}
    labels["severity"] = verdict.severity
    name = f"netmon_{verdict.outcome}_last_seen_timestamp_seconds"
    assert value(metrics, name, **labels) == pytest.approx((START_NS + 2_500_000_000) / 1e9)


@pytest.mark.parametrize(("place", "verdict"), [(DISPUTED, UNDECIDED), (MOSCOW, EXPECTED)])
def test_last_seen_is_for_findings_only(metrics, place, verdict):
    """Neither expected nor undecided traffic raises an alert."""
    metrics.flow(classified(place, verdict))
    page = generate_latest(metrics.registry)
    for outcome in (b"unexpected", b"forbidden"):
        assert b"netmon_%b_last_seen_timestamp_seconds{" % outcome not in page


def test_unexpected_and_forbidden_are_separate(metrics):
    """A finding of one kind raises no alert of the other kind."""
    metrics.flow(classified(MOSCOW, UNEXPECTED))
    assert b"netmon_forbidden_last_seen_timestamp_seconds{" not in generate_latest(metrics.registry)


def test_flows_under_an_exception_are_counted(metrics):
    """Each is counted once, by the excepted reason: an exception hides nothing."""
    excepted = Verdict("expected", "policy_exception", None, "place_elsewhere", "2027-01-31")
    for phase in ("open", "update", "end"):
        metrics.flow(classified(MOSCOW, excepted, phase=phase))
    metrics.flow(classified())
    labels = {"vendor": "acme", "component": "files", "reason": "place_elsewhere"}
    assert value(metrics, "netmon_excepted_flows_total", **labels) == 1
    assert generate_latest(metrics.registry).count(b"netmon_excepted_flows_total{") == 1


def test_round_trips_are_a_histogram(metrics):
    """Buckets count the values up to their bound; sum and count match."""
    for rtt_ns in (500_000, 1_000_000, 12_000_000, 5_000_000_000, None):
        metrics.flow(classified(rtt_ns=rtt_ns))
    labels = {"vendor": "acme", "location": "zurich"}
    buckets = {
        bound: value(metrics, "netmon_handshake_rtt_seconds_bucket", le=bound, **labels)
        for bound in ("0.001", "0.01", "0.02", "1.0", "+Inf")
    }
    assert buckets == {"0.001": 2, "0.01": 2, "0.02": 3, "1.0": 3, "+Inf": 4}
    assert value(metrics, "netmon_handshake_rtt_seconds_count", **labels) == 4
    assert value(metrics, "netmon_handshake_rtt_seconds_sum", **labels) == pytest.approx(5.0135)


def test_engine_counters_are_read_at_each_scrape(metrics):
    """The engine's current counters are shown."""
    for name, labels, expected in (
        ("netmon_other_flows_total", {}, 5),
        ("netmon_dns_messages_total", {}, 6),
        ("netmon_active_flows", {}, 7),
        ("netmon_dns_names", {}, 8),
        ("netmon_interception_suspected", {}, 1),
        ("netmon_truncated_packets_total", {"interface": "eth1"}, 9),
        ("netmon_named_flows_total", {"evidence": "sni"}, 10),
        ("netmon_unnamed_flows_total", {"reason": "not_tls"}, 11),
        ("netmon_ech_flows_total", {"state": "used"}, 20),
        ("netmon_quic_flows_total", {"version": "v1"}, 21),
        ("netmon_quic_flows_total", {"version": "google"}, 0),
        ("netmon_quic_version_negotiations_total", {}, 22),
        ("netmon_ech_flows_total", {"state": "grease"}, 0),
        ("netmon_named_bytes_total", {"evidence": "sni"}, 30),
        ("netmon_unnamed_bytes_total", {"reason": "not_tls"}, 21),
        ("netmon_view_packets_total", {"interface": "eth1"}, 22),
        ("netmon_view_duplicate_packets_total", {"interface": "eth1"}, 23),
        ("netmon_view_flow_packets_total", {"interface": "eth1"}, 35),
        ("netmon_view_last_flow_packet_timestamp_seconds", {"interface": "eth1"}, 36),
        ("netmon_view_coalesced_packets_total", {"interface": "eth1"}, 24),
        ("netmon_view_tcp_bytes_total", {"interface": "eth1"}, 25),
        ("netmon_view_unseen_tcp_bytes_total", {"interface": "eth1"}, 26),
        ("netmon_view_connections_total", {"interface": "eth1"}, 27),
        ("netmon_view_one_way_connections_total", {"interface": "eth1"}, 28),
        ("netmon_view_incomplete_hellos_total", {"interface": "eth1"}, 29),
        ("netmon_view_solicited_dns_answers_total", {"interface": "eth1"}, 33),
        ("netmon_view_unsolicited_dns_answers_total", {"interface": "eth1"}, 34),
        ("netmon_view_quality_degraded", {"interface": "eth1", "reason": "unseen"}, 1),
        ("netmon_encrypted_dns_flows_total", {"protocol": "doh"}, 21),
        ("netmon_encrypted_dns_flows_total", {"protocol": "doq"}, 0),
        ("netmon_new_destinations_total", NEW_IN_RUSSIA, 31),
        ("netmon_new_destination_last_seen_timestamp_seconds", NEW_IN_RUSSIA, 32),
        ("netmon_state_last_write_successful", {}, 1),
        ("netmon_evicted_total", {"table": "flows"}, 12),
        ("netmon_rejected_packets_total", {"station": "link", "reason": "not_ip"}, 13),
        ("netmon_lost_reports_total", {}, 14),
        ("netmon_lost_events_total", {}, 19),
        ("netmon_capture_packets_total", {"interface": "eth1"}, 15),
        ("netmon_capture_dropped_packets_total", {"interface": "eth1", "reason": "kernel"}, 16),
        ("netmon_capture_dropped_packets_total", {"interface": "eth1", "reason": "interface"}, 18),
    ):
        assert value(metrics, name, **labels) == expected, name


def test_closed_sets_exist_from_the_start(metrics):
    """Every evidence of a name, and every reason for having none, has a series at 0."""
    for evidence in EVIDENCE:
        assert value(metrics, "netmon_named_flows_total", evidence=evidence) is not None
    for reason in UNNAMED:
        assert value(metrics, "netmon_unnamed_flows_total", reason=reason) is not None


def test_expected_series_are_zero_from_the_start(metrics):
    """A series that the signatures imply exists before its first flow, so that the flow is an increase."""
    signatures = load_folder(default_folder())
    metrics.loaded(signatures, [tuple(ZURICH_LABELS.values())], 1234.5)
    assert flow_values(metrics) == (0, 0, 0)
    assert value(metrics, "netmon_config_last_reload_successful") == 1
    assert value(metrics, "netmon_config_last_reload_success_timestamp_seconds") == 1234.5
    about = {"sha256": signatures.sha256, "vendors": ",".join(sorted(signatures.vendors))}
    assert value(metrics, "netmon_signatures_info", **about) == 1
    reviewed = value(metrics, "netmon_signatures_reviewed_timestamp_seconds", vendor="kaspersky")
    assert reviewed == datetime.datetime(2026, 6, 17, tzinfo=datetime.UTC).timestamp()


def test_fallback_resolvers_are_counted_and_dated(metrics):
    """A finding is counted once, when its flow ends; every report updates the date. No client is shown."""
    fallback = Fallback("acme", "Example DNS", "vendor", "files", "official")
    for phase, last_ns in (("open", 10**9), ("end", 3 * 10**9)):
        metrics.flow(ClassifiedFlow(flow(phase=phase, last_ns=last_ns), fallbacks=(fallback,)))
    labels = {"vendor": "acme", "operator": "Example DNS", "question": "vendor"}
    assert value(metrics, "netmon_fallback_resolver_findings_total", **labels) == 1
    assert value(metrics, "netmon_fallback_resolver_last_seen_timestamp_seconds", **labels) == 3
    assert b"192.0.2.17" not in generate_latest(metrics.registry)


def test_fallback_resolvers_are_zero_from_the_start(metrics):
    """Every fallback resolver of a vendor has its series before the first query."""
    signatures = load_folder(default_folder())
    metrics.loaded(signatures, [], 1.0)
    for vendor in signatures.vendors.values():
        assert vendor.resolvers
        for one in vendor.resolvers:
            for question in QUESTIONS:
                labels = {"vendor": vendor.id, "operator": one.operator, "question": question}
                assert value(metrics, "netmon_fallback_resolver_findings_total", **labels) == 0


def test_reload_keeps_what_was_counted(metrics):
    """New signatures do not reset a counter."""
    signatures = load_folder(default_folder())
    metrics.flow(classified())
    metrics.loaded(signatures, [tuple(ZURICH_LABELS.values())], 1.0)
    assert flow_values(metrics) == (1, 1000, 2000)


def test_failed_reload_is_shown(metrics):
    """The gauge is set to 0, and the time of the last success stays."""
    metrics.loaded(load_folder(default_folder()), [], 1.0)
    metrics.reload_failed()
    assert value(metrics, "netmon_config_last_reload_successful") == 0
    assert value(metrics, "netmon_config_last_reload_success_timestamp_seconds") == 1


def test_age_of_location_databases(metrics):
    """The build time of each, and whether its file is in use; one that was never valid has no age."""
    built, current = (
        f"netmon_location_database_{end}" for end in ("build_timestamp_seconds", "last_reload_successful")
    )
    assert value(metrics, built, database="GeoLite2-City") == 21
    assert value(metrics, current, database="GeoLite2-City") == 1
    assert value(metrics, built, database="dbip") is None
    assert value(metrics, current, database="dbip") == 0


def test_locations_have_coordinates(metrics):
    """The metrics alone are enough to draw a map."""
    signatures = load_folder(default_folder())
    metrics.loaded(signatures, [], 1.0)
    zurich = signatures.locations["zurich"]
    labels = {"location": "zurich", "city": zurich.city, "country": "CH"}
    where = {"latitude": str(zurich.latitude), "longitude": str(zurich.longitude)}
    assert value(metrics, "netmon_location_info", **labels, **where) == 1


def test_series_are_bounded(metrics, monkeypatch):
    """Beyond the limit everything is added to `other`, counted, and nothing is lost."""
    monkeypatch.setattr(prometheus, "MAX_LABEL_SETS", 3)
    for number in range(10):
        place = Place(f"place{number}", "CH", None, "agreed")
        metrics.flow(classified(place, UNEXPECTED, flow_id=number))
    page = generate_latest(metrics.registry).decode()
    flows = [line for line in page.splitlines() if line.startswith("netmon_flows_total{")]
    assert len(flows) == 3 + 1
    assert sum(float(line.rpartition(" ")[2]) for line in flows) == 10
    assert value(metrics, "netmon_folded_reports_total") == 7
    assert page.count("netmon_unexpected_last_seen_timestamp_seconds{") <= 3 + 1


def test_labels_reveal_no_clients_or_hosts(metrics):
    """No address, name or port of the flow is on the page."""
    metrics.flow(classified(interface="eth1"))
    page = generate_latest(metrics.registry).decode()
    for private in ("192.0.2.17", "198.51.100.5", "49152", "files.acme.example"):
        assert private not in page


def test_labels_come_from_the_closed_list():
    """No label has values from traffic, and none conflicts with the labels of a target."""
    allowed = {*FLOW_LABELS, "evidence", "reason", "interface", "station", "table", "state", "version"}
    allowed |= {"database", "encapsulation"}  # of the configuration; at most 33 for each interface
    allowed |= {"protocol", "operator", "question", "kind", "lacks", "severity", "standing"}
    about = {"city", "latitude", "longitude", "pythonversion", "sensor", "sha256", "site", "vendors"}
    for name, (kind, labels, _help) in METRICS.items():
        assert set(labels) <= (allowed | about if kind == "info" else allowed), name
        assert name.startswith("netmon_")


def test_every_metric_of_the_table_is_served(metrics):
    """METRICS, against which docs/metrics.md is checked, is what is served, with type and help."""
    metrics.loaded(load_folder(default_folder()), [], 1.0)
    metrics.flow(classified(MOSCOW, UNEXPECTED))
    fallback = Fallback("acme", "Example DNS", "vendor", "files", "official")
    metrics.flow(ClassifiedFlow(flow(), fallbacks=(fallback,)))
    register_process(metrics.registry, "edge", "Bern")
    families = [family for family in metrics.registry.collect() if not family.name.startswith("process_")]
    served = {family.name: (family.type, family.documentation) for family in families}
    assert served == {name: (kind, text) for name, (kind, _labels, text) in METRICS.items()}


def test_scrape_while_counting(metrics):
    """A scrape sees a flow completely or not at all, whatever happens at the same time."""
    done = threading.Event()

    def count():
        for number in range(3000):
            metrics.flow(classified(flow_id=number))
        done.set()

    thread = threading.Thread(target=count)
    thread.start()
    while not done.is_set():
        flows = dict.fromkeys(("netmon_flows_total", "netmon_sent_bytes_total"), 0.0)
        for family in metrics.registry.collect():
            for sample in family.samples:
                if sample.name in flows:
                    flows[sample.name] += sample.value
        assert flows["netmon_sent_bytes_total"] == 1000 * flows["netmon_flows_total"]
    thread.join()
    assert flow_values(metrics)[0] == 3000


def test_promtool_reports_no_warnings(metrics):
    """promtool accepts the names, units, types and help texts."""
    need("promtool")

    metrics.loaded(load_folder(default_folder()), [], 1.0)
    metrics.flow(classified(MOSCOW, UNEXPECTED))
    page = generate_latest(metrics.registry)
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_openmetrics_can_be_written(metrics):
    """The same metrics can be written in the OpenMetrics format."""
    metrics.flow(classified())
    assert generate_openmetrics(metrics.registry).endswith(b"# EOF\n")


def test_findings_have_an_exemplar(metrics):
    """In OpenMetrics the latest unexpected flow of a series refers to its event; expected flows do not."""
    metrics.flow(classified(flow_id=1))
    for number in (2, 3):
        metrics.flow(classified(MOSCOW, UNEXPECTED, flow_id=number))
    page = generate_openmetrics(metrics.registry).decode()
    families = {family.name: family for family in text_string_to_metric_families(page)}
    exemplars = {
        sample.labels["location"]: sample.exemplar and sample.exemplar.labels
        for sample in families["netmon_flows"].samples
    }
    assert exemplars == {"zurich": None, "moscow": {"flow_id": "3"}}
