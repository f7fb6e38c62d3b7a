"""`netmon run` in a network namespace of its own: start, reload and stop."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import bcrypt
import pytest

from netmon.signatures.folder import default_folder
from tests.cli.cable import LISTEN, PORT, Sensor
from tests.craft.golden_time import push_channel, quic_datagrams
from tests.craft.scene import NAME, START_NS, ethernet_file
from tests.machine import need
from tests.places.mmdb import DAY_S, JUNE_S, nested, write_database

pytestmark = pytest.mark.lab

SIGNATURES = Path(__file__).parents[1] / "golden" / "signatures"
SPANS = ((0, 4 * 10**9), (4 * 10**9, 1000 * 10**9), (1000 * 10**9, 10**15))
"""The times between silences in the captures of connections that rest."""


def ended(events):
    """The ended flows without their times, which differ between a file and its replay.

    So does whether a look-up came after the flow began, and with it the component of a flow that DNS names.
    """
    return Counter(
        (
            event["destination"]["ip"],
            event["destination"].get("domain"),
            event["source"]["bytes"],
            event["destination"]["bytes"],
            event["netmon"].get("component") if event["netmon"]["evidence"] != "dns_client" else "by DNS",
            event["netmon"].get("verdict"),
        )
        for event in events
        if event["netmon"]["phase"] == "end"
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_end_flushes_everything(sensor, netmon, demo, number):
    """SIGTERM and SIGINT end it with exit code 0; all flows are reported with the bytes in the file."""
    running = sensor("--country", "DE")
    running.replay(demo)
    code, events = running.end(number)
    assert code == 0
    complete = netmon("read", "--json", "--country", "DE", demo).stdout
    assert ended(events) == ended(map(json.loads, complete.splitlines()))


def test_clients_are_pseudonyms(sensor, demo):
    """By default the live sensor shows no client addresses."""
    running = sensor()
    running.replay(demo)
    _, events = running.end(signal.SIGTERM)
    assert {"ip" in event["source"] for event in events} == {False}
    assert all(event["source"]["address"].startswith("client-") for event in events)


def test_connections_that_rest_go_on_with_their_names(sensor, tmp_path):
    """After a silence, TCP and QUIC connections go on with the name, and each packet's bytes count once."""
    sent = push_channel().sent
    quic = quic_datagrams()
    parts = [[one for one in sent + quic if start <= one.time_ns - START_NS < end] for start, end in SPANS]
    config = tmp_path / "resting.yaml"
    config.write_text("flows: {tcp_idle_s: 1, udp_idle_s: 1}\n")
    running = sensor("--config", config, "--signatures", SIGNATURES)
    for number, part in enumerate(parts):
        capture = tmp_path / f"{number}.pcap"
        capture.write_bytes(ethernet_file(part))
        running.replay(capture)
        time.sleep(3)
    _, events = running.end(signal.SIGTERM)
    flows = [event for event in events if event["netmon"]["phase"] == "end"]
    assert {event["destination"]["domain"] for event in flows} == {NAME}
    for transport, packets in (("tcp", sent), ("udp", quic)):
        own = [event for event in flows if event["network"]["transport"] == transport]
        first, *others = sorted(own, key=lambda event: event["netmon"]["flow_id"])
        assert "continues" not in first["netmon"]
        assert len(others) == 2
        assert {event["netmon"]["continues"] for event in others} == {first["netmon"]["flow_id"]}
        assert sum(event["network"]["bytes"] for event in own) == sum(len(one.packet) for one in packets)


@pytest.mark.usefixtures("libpcap")
def test_filter_of_the_kernel(sensor, demo):
    """Words after the options are a filter, applied by the kernel."""
    running = sensor("--offload", "off", "tcp", "port", "80")
    running.replay(demo)
    _, events = running.end(signal.SIGTERM)
    assert {event["destination"]["port"] for event in events} == {80}


@pytest.mark.usefixtures("libpcap")
def test_the_run_records_its_filter(sensor, tmp_path):
    """In each of its records, so that a report says what was never looked at; its clients are not named."""
    config = tmp_path / "n.yaml"
    config.write_text("events: {datasets: [run]}\n")
    running = sensor("--config", config, "--offload", "off", "tcp", "and", "not", "host", "192.0.2.7")
    _, events = running.end(signal.SIGTERM)
    assert [event["netmon"]["phase"] for event in events] == ["start", "end"]
    assert {event["netmon"]["filter"] for event in events} == {"tcp and not host …"}


def test_reload(sensor, tmp_path):
    """SIGHUP loads new signatures; if they have errors, one line says so and the old ones stay."""
    folder = tmp_path / "signatures"
    shutil.copytree(default_folder(), folder)
    running = sensor("--signatures", folder)
    running.process.send_signal(signal.SIGHUP)
    assert running.line() == f"netmon: signatures reloaded from {folder}"
    (folder / "broken.yaml").write_text("vendor: acme\nmistake: 1\n")
    running.process.send_signal(signal.SIGHUP)
    line = running.line()
    assert line.startswith("netmon: the old signatures stay in use: ")
    assert "broken.yaml:" in line
    assert running.process.poll() is None


def test_reload_over_the_web(sensor, tmp_path):
    """A POST to /-/reload does the same and returns the result; it requires the password, if there is one."""
    need("curl")
    folder, where = tmp_path / "signatures", "127.0.0.1:10977"
    shutil.copytree(default_folder(), folder)
    guard = tmp_path / "web.config.yml"
    password = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    guard.write_text(f"basic_auth_users: {{me: '{password}'}}")
    web = (LISTEN, where, "--web.enable-lifecycle", "--web.config.file", guard)
    running = sensor("--signatures", folder, *web)
    running.inside("ip", "link", "set", "lo", "up")

    def reload(*words):
        answer = ["-sS", "-o", "-", "-w", " %{http_code}", "-X", "POST", f"http://{where}/-/reload"]
        return running.inside("curl", *answer, *words)

    assert reload() == "unauthorized\n 401"
    assert reload("-u", "me:secret") == "reloaded\n 200"
    assert running.line() == f"netmon: signatures reloaded from {folder}"
    (folder / "broken.yaml").write_text("vendor: acme\nmistake: 1\n")
    answer = reload("-u", "me:secret")
    assert answer.startswith("the old signatures stay in use: ")
    assert answer.endswith(" 500")
    assert running.line().startswith("netmon: the old signatures stay in use: ")
    metrics = running.inside("curl", "-sS", "-u", "me:secret", f"http://{where}/metrics")
    assert "netmon_config_last_reload_successful 0.0" in metrics


def reloaded(running):
    """What a reload says besides that signatures are reloaded, which happens at the same time."""
    running.process.send_signal(signal.SIGHUP)
    lines = [running.line(), running.line()]
    [other] = [line for line in lines if not line.startswith("netmon: signatures reloaded from ")]
    return other


def test_replaced_location_databases_are_used(sensor, tmp_path):
    """A new database is logged with its build date; a damaged one in one line, and the old one stays."""
    file = tmp_path / ".local" / "share" / "netmon" / "city.mmdb"
    write_database(file, {"192.0.2.0/24": nested("CH")})
    running = sensor()
    write_database(tmp_path / "new", {"192.0.2.0/24": nested("CH")}, built_s=JUNE_S + DAY_S).replace(file)
    assert reloaded(running) == "netmon: location databases in use: GeoLite2-City of 2026-06-18"
    file.write_text("503 Service Unavailable")
    broken = f"netmon: {file}: not an MMDB file, or damaged"
    assert reloaded(running) == f"{broken}; its last good version stays in use"


def test_service_manager_is_notified(sensor, environment, tmp_path):
    """Ready after the start, alive while capturing, reloading and ready around a reload, then stopping."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        (tmp_path / "notify").chmod(0o777)  # as systemd's
        manager.settimeout(30)
        environment |= {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"}
        running = sensor()
        assert manager.recv(999) == f"READY=1\nSTATUS=watching {PORT}; metrics: off".encode()
        assert manager.recv(999) == b"WATCHDOG=1"
        running.process.send_signal(signal.SIGHUP)
        assert manager.recv(999).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        assert manager.recv(999) == b"READY=1"
        assert running.line().startswith("netmon: signatures reloaded from ")
        running.end(signal.SIGTERM)
        assert manager.recv(999) == b"STOPPING=1"


def test_an_idle_sensor_is_alive(sensor, environment, tmp_path):
    """The watchdog is reset repeatedly while no packets arrive."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        (tmp_path / "notify").chmod(0o777)  # as systemd's
        manager.settimeout(30)
        environment |= {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        sensor()
        assert manager.recv(999).startswith(b"READY=1")
        assert [manager.recv(999) for _ in range(3)] == [b"WATCHDOG=1"] * 3


def new_destinations(events):
    """The new destinations in events, with the flow's vendor and server."""
    return [
        (event["netmon"]["vendor"], event["destination"]["ip"], kind)
        for event in events
        for kind in event["netmon"].get("new_destination", ())
    ]


def reporting_at_once(folder):
    """A configuration without the days in which new destinations are not reported."""
    path = folder / "at_once.yaml"
    path.write_text("state: {learning_days: 0}\n", encoding="utf-8")
    return path


def test_new_destinations_are_learned_first(sensor, demo, tmp_path):
    """By default nothing of a first start is reported as new; findings are reported all the same."""
    running = sensor("--country", "DE")
    running.replay(demo)
    _, events = running.end(signal.SIGTERM)
    assert new_destinations(events) == []
    assert json.loads((tmp_path / ".local/state/netmon/destinations.json").read_text())["destinations"]
    assert [event for event in events if event["event"]["kind"] == "alert"]


def test_a_new_destination_is_reported_once(sensor, netmon, demo, tmp_path):
    """Each network and country once, and not again after a restart; no clients are stored."""
    file = tmp_path / ".local" / "state" / "netmon" / "destinations.json"
    options = ("--country", "DE", "--config", reporting_at_once(tmp_path))
    running = sensor(*options)
    running.replay(demo)
    _, events = running.end(signal.SIGTERM)
    reported = new_destinations(events)
    assert len(reported) == len(set(reported)) == len(json.loads(file.read_text())["destinations"])
    assert {kind for _, _, kind in reported} == {"network", "country"}
    clients = {
        json.loads(line)["source"]["ip"] for line in netmon("read", "--json", demo).stdout.splitlines()
    }
    assert clients
    assert [client for client in clients if client in file.read_text()] == []
    again = sensor(*options)
    again.replay(demo)
    _, events = again.end(signal.SIGTERM)
    assert ended(events)
    assert new_destinations(events) == []


def test_a_crash_loses_only_unsaved_destinations(sensor, demo, tmp_path):
    """After kill -9, only destinations of the last second are new again."""
    options = ("--country", "DE", "--config", reporting_at_once(tmp_path))
    file = tmp_path / ".local" / "state" / "netmon" / "destinations.json"
    running = sensor(*options)
    reader = threading.Thread(target=running.process.stdout.read)
    reader.start()
    running.replay(demo)
    deadline = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.process.kill()
    reader.join()
    before = {one["value"] for one in json.loads(file.read_text())["destinations"]}
    again = sensor(*options)
    again.replay(demo)
    _, events = again.end(signal.SIGTERM)
    after = {one["value"] for one in json.loads(file.read_text())["destinations"]}
    assert before
    assert len(new_destinations(events)) == len(after - before)


def test_an_unwritable_state_does_not_stop_the_sensor(environment, demo, tmp_path):
    """It is logged at the start and, with what was lost, at the end; everything else works."""
    need("ip", "tcpreplay")
    (tmp_path / ".local").write_text("a file where a folder should be")
    running = Sensor(environment, "--country", "DE")
    where = f"{tmp_path}/.local/state/netmon/destinations.json"
    assert running.line() == f"netmon: {where}: not a directory; left in place; all destinations count as new"
    assert running.line() == (
        f"netmon: {where}: not a directory; until it can be written, new destinations will be "
        f"reported again after a restart"
    )
    store = f"{tmp_path}/.local/state/netmon/flows.db"
    assert running.line() == (
        f"netmon: {store}: not a directory; until it can be written, records wait in memory"
    )
    assert running.line().startswith("netmon: watching ")
    running.replay(demo)
    code, events, errors = running.end_with_messages(signal.SIGTERM)
    assert (code, sum(ended(events).values())) == (0, 38)
    assert re.fullmatch(
        rf"netmon: {store}: not a directory; the last \d+ records were lost; [^\n]+\n", errors
    )


def test_interface_that_goes_down(sensor, demo):
    """The sensor goes on, although it has no other one; flows from before and after are complete."""
    running = sensor()
    running.inside("ip", "link", "set", PORT, "down")
    down = f"the interface is down; bring it up: ip link set dev {PORT} up"
    assert running.line() == f"netmon: {PORT}: not captured: {down}"
    running.inside("ip", "link", "set", PORT, "up")
    assert running.line() == f"netmon: {PORT}: captured again"
    running.replay(demo)
    code, events = running.end(signal.SIGTERM)
    assert (code, sum(ended(events).values())) == (0, 38)


def test_without_rights(environment, tmp_path):
    """Without CAP_NET_RAW: one line that names the missing privilege, and exit code 1."""
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv (Debian: util-linux)")
    words = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-m", "netmon"]
    words += ["run", "-i", "lo", "--web.listen-address", "off"]
    done = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert "CAP_NET_RAW" in line
