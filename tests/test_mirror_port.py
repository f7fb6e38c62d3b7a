"""The sensor on a real mirror port: its counts equal what the hosts sent."""

import shutil
import signal
import subprocess
from collections import Counter
from contextlib import suppress

import pytest

from netmon.records import EVIDENCE, NAMES
from tests.lab.lab import METRICS_PORT, Lab, wait_for
from tests.lab.network import ADDRESSES, ONE_WAY, TWICE, UNNAMED
from tests.machine import NETMON, need

pytestmark = [pytest.mark.lab, pytest.mark.slow]

PROGRAMS = ("ip", "tc", "ethtool", "tcpdump", "tshark", "curl")
ZURICH, MOSCOW, ELSEWHERE = (ADDRESSES[host] for host in ("zurich", "moscow", "resolver"))
ZONE = {
    "eu.updates.acme.example": {"A": [ZURICH[0]], "AAAA": [ZURICH[1]]},
    "files.acme.example": {"CNAME": "edge.cdn.example"},
    "edge.cdn.example": {"A": [MOSCOW[0]], "AAAA": [MOSCOW[1]]},
    "www.example.org": {"A": [ELSEWHERE[0]], "AAAA": [ELSEWHERE[1]]},
}


def job(name, family=4, *, port=443, tls=True, sni=True, upload=0, download=1000):
    return {
        "name": name,
        "family": family,
        "port": port,
        "tls": tls,
        "sni": sni,
        "upload": upload,
        "download": download,
    }


@pytest.fixture(params=[True, False], ids=["coalesced_frames", "mtu_frames"])
def lab(request, tmp_path):
    need(*PROGRAMS)
    with Lab(tmp_path, offloads=request.param, zone=ZONE) as running:
        yield running


def talk(lab):
    """Flows with every kind of evidence, over both families; ends by (component, location, evidence)."""
    jobs = {
        ("updates", "zurich", "sni"): [
            job("eu.updates.acme.example", upload=200_000),
            job("eu.updates.acme.example", 6, download=700_000),
        ],
        ("updates", "zurich", "dns_client"): [job("eu.updates.acme.example", sni=False)],
        ("files", "moscow", "sni"): [job("files.acme.example", upload=1_500_000)],
        ("files", "moscow", "dns_client"): [
            job("files.acme.example", port=80, tls=False, sni=False, upload=300_000),
        ],
        ("files", "moscow", "http_host"): [job("files.acme.example", port=80, tls=False)],
        # The query went over IPv4, so the sensor cannot know that this client sent it. The name is hearsay,
        # and in a network of the vendor the flow counts as one without a name.
        ("network", "moscow", "dns_any"): [job("files.acme.example", 6, port=80, tls=False, sni=False)],
        # Of no vendor: named as well, but in no vendor's counters.
        (None, None, "sni"): [job("www.example.org", download=400_000)],
        (None, None, "dns_any"): [job("www.example.org", 6, port=80, tls=False, sni=False)],
    }
    made = {kind: lab.connect("client-a", some) for kind, some in jobs.items()}
    base = "acme.example/5000"
    made["updates", "zurich", "sni"].append(lab.curl("client-b", f"https://eu.updates.{base}"))
    made["files", "moscow", "sni"].append(lab.curl("client-b", f"https://files.{base}", "-4"))
    # No query before it, no server name: only the declared network identifies the vendor.
    made["network", "zurich", "network"] = [lab.curl("client-b", f"https://{UNNAMED}/5000")]
    return made


def expected_sums(lab, made, count):
    """The labels and values expected in /metrics, from the clients' own packet captures."""
    sums = {}
    for kind, connections in made.items():
        if kind[0] is not None and connections:
            key = ("acme", *kind[:2])
            sums[key] = sums.get(key, 0) + sum(count(ends) for ends in connections)
    return sums


def settle(lab, sensor, made):
    """Waits until flows and bytes in both directions on /metrics equal the hosts' own."""
    labels = ("vendor", "component", "location")

    def shown():
        metrics = ("netmon_sent_bytes_total", "netmon_received_bytes_total", "netmon_flows_total")
        return [sensor.sums(metric, *labels) for metric in metrics]

    def real():
        sent, received = lab.sent_bytes()
        counts = (sent.__getitem__, received.__getitem__, lambda ends: 1)
        return [expected_sums(lab, made, count) for count in counts]

    with suppress(AssertionError):
        wait_for(lambda: shown() == real(), "the counters equal what the hosts sent")
    assert shown() == real()


def test_metrics_equal_what_the_hosts_sent(lab):
    """Flows, bytes and places on /metrics equal the hosts' own; the events contain each flow once."""
    sensor = lab.sensor()
    made = talk(lab)
    settle(lab, sensor, made)
    by_evidence = Counter()
    for kind, connections in made.items():
        by_evidence[kind[2],] += len(connections)

    def is_accounted_for():
        named = sensor.sums("netmon_named_flows_total", "evidence")
        return {key: named[key] for key in by_evidence} == by_evidence

    wait_for(is_accounted_for, "every flow is over, each named by the evidence that it showed")

    code, events = sensor.stop()
    assert code == 0
    ended = [event for event in events if "end" in event["event"]["type"]]
    seen = {(event["destination"]["ip"], event["source"]["port"]) for event in ended}
    real = {(ends.server, ends.client_port) for kind in made if kind[0] for ends in made[kind]}
    assert len(ended) == len(seen)
    assert seen == real


def test_duplicates_made_by_the_mirror_are_counted_once(tmp_path):
    """Each packet is mirrored on ingress and on egress: bytes still equal the hosts' own, over IPv4 and IPv6.

    With two workers, whose counters add up.
    """
    need(*PROGRAMS)
    config = "capture: {workers: 2}\n"
    options = {"mirror": TWICE, "config": config, "udp_idle_s": 3}
    with Lab(tmp_path, zone=ZONE, **options) as lab:
        sensor = lab.sensor()
        made = talk(lab)
        settle(lab, sensor, made)
        packets = sensor.sums("netmon_view_packets_total")[()]
        assert sensor.sums("netmon_view_duplicate_packets_total")[()] > 0.45 * packets
        wait_for(lambda: sensor.sums("netmon_active_flows") == Counter(), "all flows are over")
        named = sensor.sums("netmon_named_flows_total", "evidence")
        unnamed = sensor.sums("netmon_unnamed_flows_total")[()]
        assert unnamed == sum(named[key,] for key in EVIDENCE if key not in NAMES)
        assert sensor.sums("netmon_named_bytes_total").total() > 0
        code, events = sensor.stop()
    assert code == 0
    ended = [event for event in events if "end" in event["event"]["type"]]
    assert all(event["netmon"]["duplicate_packets"] == event["network"]["packets"] for event in ended)


def test_a_mirror_of_one_direction_proves_nothing(tmp_path):
    """Only what clients send is mirrored: names are found, the gap is reported, no flow is expected."""
    need(*PROGRAMS)
    zone = ZONE | {"files.acme.example": {"A": [ZURICH[0]]}}
    declared = "network: 198.51.100.0/24, country: CH, city: Zurich, author: lab, reason: the lab"
    config = f"places: {{declared: [{{{declared}}}]}}\n"
    # The servers' FINs are not seen, so the idle timeout has to end the flows.
    options = {"mirror": ONE_WAY, "config": config, "tcp_idle_s": 3}
    with Lab(tmp_path, zone=zone, **options) as lab:
        sensor = lab.sensor()
        made = lab.connect("client-a", [job("files.acme.example", download=200_000)] * 30)
        shares = "netmon_view_connections_total", "netmon_view_one_way_connections_total"
        wait_for(lambda: sensor.sums(shares[0])[()] == len(made), "all connections are over")
        assert sensor.sums(shares[1])[()] == len(made)
        assert sensor.sums("netmon_view_unseen_tcp_bytes_total")[()] > 200_000 * len(made)
        poor = Counter({("one_way",): 1, ("unseen",): 1})
        wait_for(lambda: sensor.sums("netmon_view_quality_degraded", "reason") == poor, "it is reported")
        code, events = sensor.stop()
    assert code == 0
    assert "connections were seen in one direction only" in sensor.errors
    ended = [event["netmon"] for event in events if "end" in event["event"]["type"]]
    assert len(ended) == len(made)
    for event in ended:
        assert (event["evidence"], event["place"]["location"]) == ("sni", "zurich")
        assert (event["verdict"], event["reason"]) == ("undecided", "insufficient_view")
        assert event["view"] == ["one_way", "unseen"]


def test_last_flows_are_flushed_at_the_end(lab):
    """A flow that is still open when SIGTERM comes is in the events file with all its bytes."""
    sensor = lab.sensor()
    held = lab.hold("client-a", job("files.acme.example"))
    wait_for(
        lambda: sensor.sums("netmon_sent_bytes_total", "component")["files",] > 0, "the open flow counts"
    )
    code, events = sensor.stop(signal.SIGTERM)
    assert code == 0
    [event] = [one for one in events if "end" in one["event"]["type"]]
    assert (event["source"]["port"], event["destination"]["ip"]) == (held.client_port, held.server)
    sent, received = lab.sent_bytes()
    assert (event["source"]["bytes"], event["destination"]["bytes"]) == (sent[held], received[held])


def run_netmon(*words, **options):
    return subprocess.run(
        [*NETMON, *words],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        **options,
    )


def assert_one_clear_line(done, *words):
    assert done.returncode == 1, done.stderr
    [line] = done.stderr.strip().splitlines()
    for word in words:
        assert word in line


def test_no_such_interface():
    """A missing interface: one line that names it, exit 1."""
    assert_one_clear_line(run_netmon("run", "-i", "no-such-if0"), "no-such-if0")


def test_no_rights():
    """Without the right to capture: one line that names the capability, exit 1."""
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv (Debian: util-linux)")
    done = subprocess.run(
        [
            "setpriv",
            "--bounding-set=-all",
            "--inh-caps=-all",
            *NETMON,
            "run",
            "-i",
            "lo",
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert_one_clear_line(done, "CAP_NET_RAW")


def test_port_taken(lab):
    """A metrics port that is in use: one line that names it, exit 1."""
    lab.sensor()
    second = lab.start("sensor", *lab.sensor_words(), stderr=subprocess.PIPE)
    _out, errors = second.communicate(timeout=30)
    assert second.returncode == 1
    [line] = errors.strip().splitlines()
    assert str(METRICS_PORT) in line
