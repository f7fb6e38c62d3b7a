"""Interfaces go down, are removed, created again and renamed while `netmon run` captures."""

import socket
import subprocess
import sys
import time

import pytest

from netmon.sources.port_lines import PortLines
from tests.cli.ports import SEND, Network, RunningSensor, peer, wait_for
from tests.machine import need, need_readable_by_all

pytestmark = pytest.mark.lab

WATCHING = "watching {}; metrics: http://127.0.0.1:10977/metrics"
UNPRIVILEGED = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw"),
)
"""Runs a program as an unprivileged user with CAP_NET_RAW, and nothing that gives more rights."""


@pytest.fixture
def network():
    """Two cables, whose ends to capture on are m1 and m3."""
    need("ip", "curl")
    one = Network("m1", "m3")
    yield one
    one.close()


@pytest.fixture
def start(network, environment):
    """Start a sensor with these options, and wait for the first line of its log."""
    started = []

    def start(*words, prefix=()):
        one = RunningSensor(network, environment, words, prefix)
        started.append(one)
        names = [words[at + 1] for at, word in enumerate(words) if word == "-i"]
        assert one.line() == WATCHING.format(", ".join(names))
        return one

    yield start
    for one in started:
        one.kill()


def both(start, *words, **options):
    """A sensor on m1 and m3 that captures on both."""
    running = start("-i", "m1", "-i", "m3", *words, **options)
    running.wait_until_up(m1=1, m3=1)
    return running


def test_an_interface_that_goes_down_does_not_affect_the_others(network, start):
    """A metric and a line say so; it is captured again once it is up, and its counters go on."""
    running = both(start)
    network.send("m3", 100)
    running.wait_for_packets(m3=100)
    network.ip("link set m3 down")
    assert running.line() == "m3: not captured: the interface is down; bring it up: ip link set dev m3 up"
    running.wait_until_up(m1=1, m3=0)
    network.send("m1", 100)
    running.wait_for_packets(m1=100, m3=100)
    network.ip("link set m3 up")
    assert running.line() == "m3: captured again"
    running.wait_until_up(m1=1, m3=1)
    network.send("m3", 100)
    running.wait_for_packets(m1=100, m3=200)
    assert running.metric("netmon_interface_interruptions_total") == {"m1": 0, "m3": 1}
    assert (running.end(), running.more_lines()) == (0, [])


def test_an_interface_without_carrier_is_told(network, start):
    """The other end of its cable goes down, and comes back."""
    running = both(start)
    network.ip(f"link set {peer('m3')} down")
    assert running.line() == "m3: not captured: no carrier: check the cable and the other end"
    running.wait_until_up(m1=1, m3=0)
    network.ip(f"link set {peer('m3')} up")
    assert running.line() == "m3: captured again"
    network.send("m3", 50)
    running.wait_for_packets(m3=50)


@pytest.mark.parametrize("workers", [1, 3])
def test_an_interface_that_is_removed_and_created_again_is_captured_again(network, start, tmp_path, workers):
    """With its counters, which never go back, and with every worker."""
    (tmp_path / "netmon.yaml").write_text(f"capture: {{workers: {workers}, ring_mib: 4}}\n")
    running = both(start, "--config", tmp_path / "netmon.yaml")
    for turn in (1, 2):
        network.send("m3", 200)
        running.wait_for_packets(m3=200 * turn)
        network.ip("link delete m3")
        assert running.line() == "m3: not captured: no such interface"
        running.wait_until_up(m1=1, m3=0)
        assert running.metric("netmon_capture_packets_total")["m3"] >= 200 * turn
        network.add("m3")
        line = running.line()
        while line != "m3: captured again":  # it was seen before it was brought up
            assert line.startswith("m3: not captured: "), line
            line = running.line()
    network.send("m3", 200)
    running.wait_for_packets(m3=600)
    assert running.metric("netmon_view_flow_packets_total")["m3"] == 600
    assert running.metric("netmon_interface_interruptions_total") == {"m1": 0, "m3": 2}


def test_what_arrived_before_the_removal_is_counted(network, start):
    """The kernel still holds it when the interface is gone."""
    running = both(start)
    network.run("sh", "-c", f"{sys.executable} {SEND} {peer('m3')} 500 0 && ip link delete m3")
    running.wait_for_packets(m3=500)
    running.wait_until_up(m1=1, m3=0)
    assert running.metric("netmon_view_flow_packets_total")["m3"] == 500


def test_a_renamed_interface_is_captured_under_the_name_that_was_asked_for(network, start):
    """The configuration has names: another name is not captured; the old one is, once it is there again."""
    running = both(start)
    network.ip("link set m3 down", "link set m3 name other", "link set other up")
    lines = [running.line()]
    while not lines[-1].startswith("m3: not captured: the interface was renamed to other"):
        lines.append(running.line())
    assert len(lines) <= 2, lines
    network.run(sys.executable, SEND, peer("m3"), 100, 0)
    network.ip("link set other down", "link set other name m3", "link set m3 up")
    running.wait_until_up(m1=1, m3=1)
    network.send("m3", 30)
    running.wait_for_packets(m3=30)
    assert running.metric("netmon_capture_packets_total")["m3"] < 100, "nothing of the other name"


def test_a_rename_without_going_down_and_two_that_swap_their_names(network, start):
    """Packets count for the name that the interface has when they arrive."""
    running = both(start)
    try:
        network.ip("link set m1 name tmp")
    except subprocess.CalledProcessError:
        pytest.skip("this kernel renames no interface that is up")
    network.ip("link set m3 name m1", "link set tmp name m3")
    running.wait_until_up(m1=1, m3=1)
    wait_for(lambda: running.metric("netmon_interface_interruptions_total")["m3"] >= 1, "m3 was swapped")
    before = running.metric("netmon_capture_packets_total")
    network.send("m1", 70)  # the other end of what is m3 now
    running.wait_for_packets(m3=before["m3"] + 70)
    assert running.metric("netmon_capture_packets_total")["m1"] < before["m1"] + 70


def test_an_alternative_name_is_a_name(network, start):
    """As `ip link` shows them."""
    network.ip("link property add dev m3 altname mirror-of-the-core-switch")
    running = start("-i", "mirror-of-the-core-switch")
    running.wait_until_up(**{"mirror-of-the-core-switch": 1})
    network.send("m3", 10)
    running.wait_for_packets(**{"mirror-of-the-core-switch": 10})


def test_a_flapping_interface_costs_the_other_no_packet(network, start):
    """m1 gets 6,000 packets in six seconds while m3 changes all the time: each is counted."""
    running = both(start)
    send = network.command(sys.executable, SEND, peer("m1"), 6000, 6)
    flaps, begun_s = 0, time.monotonic()
    with subprocess.Popen(send) as sending:
        while sending.poll() is None:
            network.ip("link set m3 down", "link set m3 up", f"link set {peer('m3')} down")
            network.ip("link delete m3")
            network.add("m3")
            flaps += 1
            time.sleep(flaps % 2)  # every second one rests, so that the sensor opens it
    assert sending.returncode == 0
    running.wait_for_packets(m1=6000)
    wait_for(lambda: running.metric("netmon_view_flow_packets_total")["m1"] == 6000, "all are inspected")
    dropped = 'netmon_capture_dropped_packets_total{interface="m1",reason="kernel"} 0.0'
    assert dropped in running.get("/metrics").splitlines()
    interruptions = running.metric("netmon_interface_interruptions_total")
    assert interruptions["m1"] == 0
    assert interruptions["m3"] >= 4
    lines = running.more_lines()
    assert all(line.startswith("m3: ") for line in lines)
    changes = [line for line in lines if "captured" in line]
    periods = 1 + (time.monotonic() - begun_s) // PortLines.PERIOD_S  # a machine under load takes several
    assert len(changes) <= periods * PortLines.BURST, f"a flapping interface fills the log: {lines}"

    def captured() -> bool:
        """Whether a packet on the last m3 is counted: at first, "up" can still mean the one before it."""
        network.send("m3", 20)
        return running.metric("netmon_capture_packets_total")["m3"] > 0

    wait_for(captured, "the last m3 is captured")


def test_what_the_kernel_does_not_know_and_drops_before_the_start_is_no_loss(network, start):
    """LLDP counts as dropped by the interface while nobody captures; what comes later is captured."""
    with subprocess.Popen(network.command(sys.executable, SEND, peer("m1"), 1000, 2.5, "88cc")) as sending:
        time.sleep(0.2)
        running = start("-i", "m1")
        assert sending.wait() == 0
    wait_for(lambda: running.metric("netmon_capture_packets_total")["m1"] > 100, "some are captured")
    time.sleep(1.1)  # the interface is looked at once a second
    dropped = 'netmon_capture_dropped_packets_total{interface="m1",reason="interface"} 0.0'
    assert dropped in running.get("/metrics").splitlines()


def test_a_start_with_one_missing_captures_on_the_other(network, start):
    """The missing one is a line; it is captured when it comes."""
    running = start("-i", "m1", "-i", "m5")
    assert running.line() == "m5: not captured: no such interface"
    running.wait_until_up(m1=1, m5=0)
    assert running.get("/-/ready").startswith("ready")
    network.add("m5")
    running.wait_until_up(m1=1, m5=1)
    network.send("m5", 40)
    running.wait_for_packets(m5=40)


def test_a_start_with_one_down_captures_on_the_other(network, start):
    """A sensor that restarts while a port is down is not lost."""
    network.ip("link set m3 down")
    running = start("-i", "m1", "-i", "m3")
    assert running.line() == "m3: not captured: the interface is down; bring it up: ip link set dev m3 up"
    network.ip("link set m3 up")
    assert running.line() == "m3: captured"
    network.send("m3", 40)
    running.wait_for_packets(m3=40)


def refused(network, environment, *words):
    """The line of a start that fails."""
    command = network.command(sys.executable, "-m", "netmon", "run", "--web.listen-address", "off", *words)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    return line.removeprefix("netmon: ")


def test_a_start_without_any_interface_fails(network, environment):
    """Every reason is in one line, those with the same reason together."""
    network.ip("link set m3 down")
    available = f"available: lo, {peer('m1')}, m1, {peer('m3')}, m3"
    assert refused(network, environment, "-i", "m7", "-i", "m3", "-i", "m8", "-i", "ens*") == (
        f"m7, m8: no such interface; {available}; "
        "m3: the interface is down; bring it up: ip link set dev m3 up; "
        f"ens*: no interface matches that is up and can be captured; {available}"
    )


@pytest.mark.parametrize(
    ("words", "config", "begin"),
    [
        (("-i", "m1", "-i", "m7", "--require-all"), "capture:", "m7: no such interface; "),
        (("-i", "m1", "-i", "ens*", "--require-all"), "capture:", "ens*: no interface matches "),
        (("-i", "m7"), "capture: {interfaces: [m1], require_all: true}", "m7: no such interface; "),
    ],
)
def test_all_can_be_required(network, environment, tmp_path, words, config, begin):
    """By an option or a key: then one that is missing ends the start."""
    (tmp_path / "netmon.yaml").write_text(config)
    line = refused(network, environment, "--config", tmp_path / "netmon.yaml", *words)
    assert line.startswith(begin)


def test_all_required_are_there(network, start):
    """After the start they may go."""
    running = both(start, "--require-all")
    network.ip("link delete m3")
    assert running.line() == "m3: not captured: no such interface"
    running.wait_until_up(m1=1, m3=0)


def test_patterns_and_any(network, start, environment, tmp_path):
    """From options and configuration; what appears later and matches is captured, loopback is not."""
    (tmp_path / "netmon.yaml").write_text("capture: {interfaces: ['m*'], ring_mib: 4}\n")
    running = RunningSensor(network, environment, ("--config", tmp_path / "netmon.yaml", "-i", "x?"), ())
    try:
        assert running.line() == WATCHING.format("m*, x?")
        running.wait_until_up(m1=1, m3=1)
        network.add("x7")
        assert running.line() == "x7: captured"
        network.add("y7")
        network.add("m9")
        assert running.line() == "m9: captured"
        running.wait_until_up(m1=1, m3=1, m9=1, x7=1)
        network.send("x7", 25)
        running.wait_for_packets(x7=25)
        network.ip("link delete x7")
        assert running.line() == "x7: not captured: no such interface"
    finally:
        running.kill()
    (tmp_path / "netmon.yaml").write_text("capture: {ring_mib: 4}\n")
    running = start("-i", "any", "--config", tmp_path / "netmon.yaml")
    expected = {name: 1 for port in ("m1", "m3", "m9", "y7") for name in (port, peer(port))}
    running.wait_until_up(**expected)


def test_a_pattern_that_matches_many_is_limited(network, start, tmp_path):
    """A line says how many are not captured, and what to do."""
    (tmp_path / "netmon.yaml").write_text("capture: {ring_mib: 2}\n")
    batch = "".join(
        f"link add v{n} type veth peer name w{n}\nlink set v{n} up\nlink set w{n} up\n" for n in range(60)
    )
    subprocess.run(network.command("ip", "-batch", "-"), input=batch, text=True, check=True)
    running = start("-i", "v*", "-i", "m1", "-i", "w59", "--config", tmp_path / "netmon.yaml")
    assert running.line() == (
        "28 more interfaces match a pattern, but as many as patterns may have are captured already: "
        "give narrower patterns, or names, which are not limited"
    )
    up = running.metric("netmon_interface_up")
    assert len(up) == 34
    assert (up["m1"], up["w59"]) == (1, 1)


def test_the_watchdog_and_readiness_are_unaffected(network, start, environment, tmp_path):
    """While an interface is missing, and while none is left."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        (tmp_path / "notify").chmod(0o777)  # as systemd's
        manager.settimeout(30)
        environment |= {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "4000000"}
        running = both(start)
        assert manager.recv(999).startswith(b"READY=1")
        for port in ("m3", "m1"):
            network.ip(f"link delete {port}")
            assert running.line() == f"{port}: not captured: no such interface"
            assert running.get("/-/ready").startswith("ready")
            assert [manager.recv(999) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        network.add("m1")
        running.wait_until_up(m1=1, m3=0)
        assert running.end() == 0


def test_an_unprivileged_sensor_opens_what_comes_back(network, start, environment, tmp_path):
    """CAP_NET_RAW alone is enough, also for promiscuous mode and for several workers."""
    need("setpriv")
    need_readable_by_all()
    tmp_path.chmod(0o755)
    for folder in list(tmp_path.parents)[:3]:
        folder.chmod(folder.stat().st_mode | 0o111)
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    (tmp_path / "netmon.yaml").write_text("capture: {workers: 2, ring_mib: 4}\nstate: {folder: state}\n")
    settings = ("--config", tmp_path / "netmon.yaml", "--offload", "off")
    running = both(start, *settings, prefix=UNPRIVILEGED)
    network.ip("link delete m3")
    assert running.line() == "m3: not captured: no such interface"
    network.add("m3")
    running.wait_until_up(m1=1, m3=1)
    assert "promiscuity 2" in network.run("ip", "-d", "link", "show", "m3"), "once for each worker"
    network.send("m3", 60)
    running.wait_for_packets(m3=60)


def test_a_filter_applies_to_interfaces_that_come_later(network, start):
    """Also to one with another link type; on each, it is compiled for its packets."""
    need("libpcap")
    running = start("-i", "m1", "-i", "m5", "-i", "raw0", "--offload", "off", "udp", "dst", "port", "10")
    network.add("m5")
    network.ip("tuntap add raw0 mode tun", "link set raw0 up")
    running.wait_until_up(m1=1, m5=1, raw0=0)  # nothing holds the other end of raw0
    lines = [running.line() for _ in range(2)]
    network.send("m5", 30)  # to port 9
    time.sleep(1)
    assert running.metric("netmon_capture_packets_total")["m5"] == 0
    assert not any("filter" in line for line in (*lines, *running.more_lines()))


def test_scapy_says_what_it_does_not_do(network, environment):
    """One line at the start; an interface that goes down then ends the capture, as it says."""
    pytest.importorskip("scapy")
    running = RunningSensor(
        network, environment, ("-i", "m1", "-i", "m3", "--source", "scapy", "--offload", "off"), ()
    )
    try:
        assert running.line().startswith("--source scapy: an interface that goes down or is removed ends")
        assert running.line() == WATCHING.format("m1, m3")
        network.ip("link set m3 down")
        assert running.line().startswith("m3: scapy cannot capture: ")
        assert running.process.wait(30) == 1
    finally:
        running.kill()
