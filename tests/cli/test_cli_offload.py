"""`netmon run --offload`: the kernel drops data of flows of no vendor, and reports stay the same."""

import json
import shutil
import signal
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.cable import LISTEN, PORT, Sensor
from tests.craft import tls
from tests.craft.packets import UDP, address, ethernet, filler, ip, udp, vlan
from tests.craft.pcap import NANOSECONDS, pcap
from tests.craft.quic import Initials, ack, crypto
from tests.craft.scene import (
    CLIENT,
    CLIENT_V6,
    ELSEWHERE,
    ETHERNET,
    NAME,
    START_NS,
    ZURICH,
    ZURICH_V6,
    connection,
    flight,
)
from tests.craft.talk import SECOND_NS, Load, Sent, frames, tls_session, transfer
from tests.machine import need

pytestmark = pytest.mark.lab

SIGNATURES = Path(__file__).parents[1] / "golden" / "signatures"
OTHER = "www.other.example"
LARGE = Load(up_bytes=20_000, down_bytes=300_000, turns=2, pause_ns=SECOND_NS // 10)
WEB = "127.0.0.1:10978"
MODES = ("auto", "off")


def quic(name, port):
    """A QUIC connection with 400 packets of data; the server is elsewhere."""
    origin, server_id, client_id = filler("origin", 8), filler(f"server {port}", 8), filler("client", 4)
    hello = tls.client_hello(name, alpn=("h3",), versions=(tls.TLS13,), quic=True)
    answer = tls.server_flight("quic")[5:]
    answer = answer[: 4 + int.from_bytes(answer[1:4], "big")]
    first = Initials(origin).packet(
        0, crypto(0, hello).ljust(1200, b"\0"), destination=origin, source=client_id
    )
    second = Initials(origin, side=b"server").packet(
        0, ack(0) + crypto(0, answer), destination=client_id, source=server_id
    )
    payloads = [(first, True), (second, False)]
    payloads += [(b"\x41" + (server_id if up else client_id) + b"", up) for up in (True, False)] * 200
    ends = address(CLIENT), address(ELSEWHERE)
    sent = []
    for number, (payload, up) in enumerate(payloads):
        payload = payload if number < 2 else payload + filler(f"{port} {number}", 700)  # noqa: PLW2901
        (source, destination), ports = (ends, (port, 443)) if up else (ends[::-1], (443, port))
        packet = ip(source, destination, UDP, udp(source, destination, ports, payload))
        sent.append(Sent(START_NS + number * SECOND_NS // 200, packet, up=up))
    return sent


def reused():
    """A flow of no vendor that is not closed, and one of a vendor with the same ends."""
    first = connection(ELSEWHERE, client_port=50_003)
    second = connection(ELSEWHERE, client_port=50_003, at_s=3)
    return [*tls_session(first, flight(OTHER), load=LARGE, fin=False), *tls_session(second, flight(NAME))]


def traffic():
    """Frames of all kinds of flows."""
    plain = [
        *tls_session(connection(ZURICH), flight(NAME), load=LARGE),
        *tls_session(connection(ELSEWHERE, client_port=50_001), flight(OTHER), load=LARGE),
        *tls_session(
            connection("2001:db8:e::1", client=CLIENT_V6, client_port=50_002), flight(OTHER), load=LARGE
        ),
        *tls_session(connection(ZURICH_V6, client=CLIENT_V6), flight(NAME), load=LARGE),
        *reused(),
        *quic(OTHER, 50_004),
        *quic(NAME, 50_005),
    ]
    tagged = [
        *tls_session(connection(ELSEWHERE, client_port=50_006), flight(OTHER), load=LARGE),
        *tls_session(connection(ZURICH, client_port=50_007), flight(NAME), load=LARGE),
    ]
    both = [*frames(plain, ethernet), *frames(tagged, vlan)]
    return list(identified(sorted(both, key=lambda frame: frame.time_ns)))


def identified(frames_in_order):
    """The frames, each IPv4 packet with an identification of its own, as that of a host has."""
    for number, frame in enumerate(frames_in_order, 1):
        at = next((at for at in (12, 16) if frame.data[at : at + 2] == b"\x08\x00"), None)
        if at is None:
            yield frame
        else:
            data = frame.data[: at + 6] + number.to_bytes(2, "big") + frame.data[at + 8 :]
            yield replace(frame, data=data)


@pytest.fixture
def started(environment, tmp_path):
    """Starts a sensor with a mode and further words; waits until it captures."""
    need("ip", "tcpreplay", "curl")
    config = tmp_path / "netmon.yaml"
    config.write_text("privacy: {level: 0}\n")
    running = []

    def start(mode, *words):
        one = Sensor(environment, "--config", config, "--offload", mode, LISTEN, WEB, *words)
        running.append(one)
        lines = [one.line()]
        while "watching" not in lines[-1]:
            assert lines[-1], lines
            lines.append(one.line())
        one.inside("ip", "link", "set", "lo", "up")
        return one, lines[:-1]

    yield start
    for one in running:
        one.process.kill()
        one.process.communicate()


def metrics(sensor):
    """The sums of the sensor's counters, without labels."""
    text = sensor.inside("curl", "-s", f"http://{WEB}/metrics")
    sums = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] += sample.value
    return sums


def ended(events):
    """All that the ended flows say but times and round trips, which are those of the replay."""
    return Counter(
        json.dumps(_lasting(one), sort_keys=True) for one in events if one["netmon"]["phase"] == "end"
    )


def _lasting(event):
    place = {key: value for key, value in event["netmon"]["place"].items() if not key.startswith("rtt")}
    own = event["netmon"] | {"place": place | {"steps": place["steps"][1:]}}
    kept = {key: value for key, value in own.items() if key not in ("run", "shown") and "rtt" not in key}
    return {key: value for key, value in event.items() if key not in ("@timestamp", "event", "tls")} | {
        "netmon": kept
    }


def seen(sensor, packets):
    """The counters once so many packets were read or dropped; dropped ones are counted within ten seconds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        sums = metrics(sensor)
        if sums["netmon_view_flow_packets_total"] + sums["netmon_sieved_packets_total"] == packets:
            break
        time.sleep(0.2)
    return sums


def test_watched_flows_are_equal_and_data_of_others_is_dropped(started, tmp_path):
    """Each flow of a vendor has the same bytes, packets, name and verdict, in VLANs, over IPv6 and QUIC.

    One of them has the ends of an earlier flow of no vendor that was not closed.

    The packets that were read and those that were dropped are all packets, and all bytes are counted.
    """
    capture, packets = tmp_path / "all.pcap", traffic()
    capture.write_bytes(pcap(packets, ETHERNET, magic=NANOSECONDS))
    found, sums = {}, {}
    for mode in MODES:
        sensor, lines = started(mode, "--signatures", SIGNATURES, "--country", "DE")
        assert lines == []
        sensor.replay(capture)
        sums[mode] = seen(sensor, len(packets))
        code, events = sensor.end(signal.SIGTERM)
        assert code == 0
        found[mode] = ended(events)
    assert found["auto"] == found["off"]
    assert found["auto"].total() == 5
    for mode in MODES:
        assert sums[mode]["netmon_view_flow_packets_total"] + sums[mode][
            "netmon_sieved_packets_total"
        ] == len(packets)
        assert sums[mode]["netmon_view_unseen_tcp_bytes_total"] == 0
    assert sums["auto"]["netmon_sieved_packets_total"] > len(packets) / 4
    assert sums["off"]["netmon_sieved_packets_total"] == 0
    assert sums["auto"]["netmon_sieve_refusals_total"] == 0


def test_a_flow_that_a_reload_makes_a_vendors_has_all_its_bytes(started, tmp_path):
    """Data of a flow is dropped, then its name becomes a vendor's: it is reported with all packets."""
    talk = connection(ELSEWHERE)
    tls_session(talk, flight(OTHER), load=LARGE, fin=False)
    before = len(talk.sent)
    transfer(talk, LARGE)
    talk.close()
    parts = []
    for number, part in enumerate((talk.sent[:before], talk.sent[before:])):
        parts.append(tmp_path / f"{number}.pcap")
        parts[-1].write_bytes(pcap(identified(frames(part, ethernet)), ETHERNET, magic=NANOSECONDS))
    found = {}
    for mode in MODES:
        folder = tmp_path / f"signatures-{mode}"
        shutil.copytree(SIGNATURES, folder)
        sensor, _ = started(mode, "--signatures", folder, "--country", "DE")
        sensor.replay(parts[0])
        file = folder / "cloud.yaml"
        file.write_text(file.read_text().replace("suffix: files.cloud.example", "suffix: other.example"))
        sensor.process.send_signal(signal.SIGHUP)
        assert "signatures reloaded" in sensor.line()
        sensor.replay(parts[1])
        code, events = sensor.end(signal.SIGTERM)
        assert code == 0
        found[mode] = ended(events)
    assert found["auto"] == found["off"]
    [event] = map(json.loads, found["auto"])
    sent = [len(one.packet) for one in talk.sent if one.up]
    assert (event["source"]["packets"], event["source"]["bytes"]) == (len(sent), sum(sent))


@pytest.mark.parametrize(
    ("words", "config", "reason"),
    [
        (("tcp", "or", "udp"), "capture: {offload: auto}\n", "a filter is given"),
        ((), "capture: {snaplen: 1000}\n", "capture.snaplen is 1000"),
        ((), "flows: {separate_by: [interface]}\n", "flows.separate_by has interface"),
        ((), "capture: {offload: off}\n", None),
    ],
)
def test_what_the_kernel_cannot_drop_is_read_and_said_in_one_line(
    environment, tmp_path, words, config, reason
):
    """Where the sieve cannot be used the sensor starts without it, and says why, unless it is off."""
    need("ip")
    file = tmp_path / "netmon.yaml"
    file.write_text(config)
    sensor = Sensor(environment, "--config", file, *words)
    try:
        line = sensor.line()
        if reason is not None:
            assert (
                line
                == f"netmon: offload: the kernel drops no data, so the sensor reads every packet: {reason}"
            )
            line = sensor.line()
        assert line == f"netmon: watching {PORT}; metrics: off"
    finally:
        sensor.process.kill()
        sensor.process.communicate()


@pytest.mark.parametrize(("mode", "is_told"), [("auto", True), ("off", False)])
def test_interfaces_on_which_the_kernel_drops_nothing_are_named(environment, mode, is_told):
    """One line for each reason, at the start or once such an interface is there, unless the sieve is off."""
    need("ip")
    sensor = Sensor(environment, "-i", "lo", "-i", "raw0", "--offload", mode)
    try:
        assert sensor.line() == f"netmon: watching {PORT}, lo, raw0; metrics: off"
        lines = [sensor.line()]
        while lines[-1] != "netmon: raw0: not captured: no such interface":
            lines.append(sensor.line())
            assert lines[-1], lines
        sensor.inside("ip", "tuntap", "add", "raw0", "mode", "tun")
        while not lines[-1].startswith("netmon: raw0: not captured: the interface is down"):
            lines.append(sensor.line())
            assert lines[-1], lines
    finally:
        sensor.process.kill()
        sensor.process.communicate()
    beginning = "netmon: offload: the kernel drops no data on "
    assert [line for line in lines if "offload" in line] == [
        f"{beginning}lo, so every packet there is read: each packet passes a loopback interface twice",
        f"{beginning}raw0, so every packet there is read: packets have no Ethernet header",
    ] * is_told


def test_without_the_right_to_load_programs_the_sensor_reads_every_packet(environment, tmp_path):
    """A sensor with CAP_NET_RAW alone starts, and says in one line that the kernel drops no data."""
    need("ip", "setpriv")
    sensor = Sensor(environment, via=("setpriv", "--bounding-set=-bpf,-sys_admin"))
    try:
        line = sensor.line()
        assert line.startswith(
            "netmon: offload: the kernel drops no data, so the sensor reads every packet: "
        )
        assert "CAP_BPF" in line
        assert sensor.line() == f"netmon: watching {PORT}; metrics: off"
    finally:
        sensor.process.kill()
        sensor.process.communicate()
