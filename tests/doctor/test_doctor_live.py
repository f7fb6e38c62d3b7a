"""`netmon doctor` on mirror ports in a network namespace: what is wrong is told, and its command mends it."""

import json
import os
import shlex
import signal
import struct
import subprocess
import time
from contextlib import suppress

import pytest

from netmon.doctor.findings import CHECKS
from tests.cli.ports import peer
from tests.machine import NETMON, need

pytestmark = pytest.mark.lab

UNPRIVILEGED = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all,+net_raw")
PASSWORDLESS = "sudo "
CLIENTS = b"\xc0\x00\x02"
"""The beginning of the addresses of the clients in the capture: 192.0.2."""


class Doctor:
    """Runs `netmon doctor` in a network while packets come."""

    def __init__(self, network, environment, folder):
        self.network = network
        self._environment = environment
        self.config = folder / "netmon.yaml"
        self.config.write_text(
            f"subject: {{country: DE}}\nstate: {{folder: {folder / 'state'}}}\ncapture: {{ring_mib: 4}}\n"
        )

    def start(self, *words, prefix=(), **streams):
        """Start it."""
        command = [*prefix, *NETMON, "doctor", "--config", self.config, *words]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
        return subprocess.Popen(self.network.command(*command), env=self._environment, text=True, **streams)

    def listens(self, *words, capture=None, seconds="1s", **options):
        """Its document, and whether it found a problem; `capture` is sent into m1 once it listens."""
        process = self.start("--json", "--duration", seconds, *words, **options)
        line = process.stderr.readline()
        while line and "listening to" not in line:
            line = process.stderr.readline()
        if capture is not None:
            self.replay(capture)
        output, _errors = process.communicate(timeout=60)
        document = json.loads(output)
        assert process.returncode == (1 if document["problems"] else 0)
        return document

    def replay(self, capture, port="m1"):
        """Send a capture's packets."""
        self.network.run("tcpreplay", "--quiet", "--pps=3000", f"--intf1={peer(port)}", capture)


@pytest.fixture
def doctor(network, environment, tmp_path):
    """The doctor in a network of two cables."""
    return Doctor(network, environment, tmp_path)


def of(document, check, interface="m1"):
    """The findings of a check."""
    return [
        one for one in document["findings"] if one["check"] == check and one["interface"] in (interface, None)
    ]


def marks(document, check, interface="m1"):
    return [one["mark"] for one in of(document, check, interface)]


def mend(doctor, finding):
    """Run the command of a finding, which needs no sudo in the network's namespace."""
    doctor.network.run(*shlex.split(finding["command"].removeprefix(PASSWORDLESS)))


def packets_of(capture):
    """The packets of a capture file (pcap, little endian), each with its header."""
    data = capture.read_bytes()
    at = 24
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at : at + 16], data[at + 16 : at + 16 + length]
        at += 16 + length


def rewritten(capture, file, change):
    """A copy of a capture with packets that were changed, or left out where the change is None."""
    packets = []
    for head, packet in packets_of(capture):
        new = change(packet)
        if new is not None:
            packets.append(head[:8] + struct.pack("<II", len(new), len(new)) + new)
    file.write_bytes(capture.read_bytes()[:24] + b"".join(packets))
    return file


def test_a_good_mirror_port(doctor, demo):
    """Every check is made or says why not, nothing is a problem, and the keys are those of the document."""
    document = doctor.listens("-i", "m1", capture=demo, seconds="2s")
    assert document["problems"] == 0, document["findings"]
    assert {one["check"] for one in document["findings"]} == set(CHECKS)
    assert set(document) == {
        *("version", "netmon", "interfaces", "seconds", "interrupted", "problems", "warnings", "findings")
    }
    order = list(dict.fromkeys(one["mark"] for one in document["findings"]))
    assert order == sorted(order, key=["problem", "warning", "not_checked", "ok"].index)
    for check in ("rights", "kernel", "interface", "traffic", "losses", "directions", "dns", "ech", "files"):
        assert marks(document, check) == ["ok"], check
    assert "promiscuous mode is on" in of(document, "interface")[0]["text"]
    assert document["interrupted"] is False
    assert 2 <= document["seconds"] < 10


def test_a_misspelt_interface(doctor):
    """Those that there are are named."""
    document = doctor.listens("-i", "n1")
    [found] = of(document, "interface", "n1")
    assert (found["mark"], found["text"]) == ("problem", "there is no such interface")
    assert "m1" in found["meaning"]
    assert marks(document, "directions") == ["not_checked"]


def test_an_interface_that_is_down(doctor, demo):
    """The command brings it up, and then there is traffic."""
    doctor.network.ip("link set m1 down")
    [found] = of(doctor.listens("-i", "m1"), "interface")
    assert (found["mark"], found["text"]) == ("problem", "the interface is down")
    mend(doctor, found)
    time.sleep(0.2)
    document = doctor.listens("-i", "m1", capture=demo)
    assert (marks(document, "interface"), marks(document, "traffic")) == (["ok"], ["ok"])


def test_without_rights(doctor):
    """An ordinary user: sudo is the command, and everything that needs no rights is checked all the same."""
    document = doctor.listens("-i", "m1", prefix=UNPRIVILEGED)
    [found] = of(document, "rights")
    assert (found["mark"], found["command"].startswith("sudo ")) == ("problem", True)
    assert "AmbientCapabilities=CAP_NET_RAW" in found["meaning"]
    assert marks(document, "kernel") == ["not_checked"]
    assert marks(document, "traffic") == ["not_checked"]
    assert "ok" in marks(document, "offloads") + marks(document, "web")


def test_a_silent_interface(doctor):
    """A mirror session that sends nothing."""
    doctor.network.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
    document = doctor.listens("-i", "m3")
    [found] = of(document, "traffic", "m3")
    assert (found["mark"], "none of them of a flow" in found["text"]) == ("problem", True)
    assert marks(document, "dns") == ["not_checked"]


def test_a_card_that_joins_packets(doctor):
    """The command switches it off."""
    need("ethtool")
    doctor.network.run("ethtool", "-K", "m1", "gro", "on")
    [found] = of(doctor.listens("-i", "m1"), "offloads")
    assert (found["mark"], found["command"]) == ("warning", "sudo ethtool -K m1 gro off")
    mend(doctor, found)
    assert marks(doctor.listens("-i", "m1"), "offloads") == ["ok"]


def test_one_direction_only(doctor, demo, tmp_path):
    """A problem that names what is missing."""
    capture = rewritten(
        demo,
        tmp_path / "one.pcap",
        lambda packet: packet if packet[26:29] == CLIENTS else None,
    )
    document = doctor.listens("-i", "m1", capture=capture, seconds="2s")
    texts = [one["text"] for one in of(document, "directions") if one["mark"] == "problem"]
    assert any("seen in one direction only" in text for text in texts), document["findings"]


def test_vlans(doctor, demo, tmp_path):
    """A tag, or two, of which the kernel takes off the outer one; a mirror may tag directions differently."""

    def tagged(packet):
        tag = b"\x81\x00\x00\x07" if packet[26:29] == CLIENTS else b"\x88\xa8\x00\x0c\x81\x00\x00\x07"
        return packet[:12] + tag + packet[12:]

    doctor.network.ip("link set m1 mtu 1600", f"link set {peer('m1')} mtu 1600")
    capture = rewritten(demo, tmp_path / "tagged.pcap", tagged)
    document = doctor.listens("-i", "m1", capture=capture)
    [found] = of(document, "vlans")
    assert (found["mark"], found["text"].partition(" in ")[0]) in (
        ("ok", "VLANs 7, 12.7"),
        ("ok", "VLANs 12.7, 7"),
    )


def test_two_interfaces_of_which_one_is_down(doctor, demo):
    """Each has findings of its own."""
    doctor.network.ip(f"link set {peer('m3')} down")
    document = doctor.listens("-i", "m1", "-i", "m3", capture=demo)
    assert marks(document, "traffic", "m1") == ["ok"]
    [found] = of(document, "interface", "m3")
    assert (found["mark"], found["text"]) == ("problem", "no carrier")


def test_an_alternative_name(doctor):
    """Its card and its packets are those of the interface, whose own name is in the commands."""
    need("ethtool")
    doctor.network.ip("link property add dev m1 altname mirror-port-of-the-core")
    doctor.network.run("ethtool", "-K", "m1", "gro", "on")
    document = doctor.listens("-i", "mirror-port-of-the-core")
    [found] = of(document, "offloads", "mirror-port-of-the-core")
    assert found["command"] == "sudo ethtool -K m1 gro off"
    assert of(document, "interface", "mirror-port-of-the-core")[0]["mark"] == "ok"


def test_interrupted(doctor, demo):
    """Ctrl-C shows the findings so far, and its exit code is that of an interruption."""
    process = doctor.start("-i", "m1", "--duration", "10m", "--json")
    while "listening to" not in process.stderr.readline():
        pass
    doctor.replay(demo)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    document = json.loads(output)
    assert (process.returncode, document["interrupted"], errors) == (130, True, "")
    assert marks(document, "traffic") == ["ok"]


def test_interrupted_on_a_terminal(doctor):
    """Ctrl-C leaves the findings, marked as those of a part of the time."""
    screen, terminal = os.openpty()
    process = doctor.start("-i", "m1", stdout=terminal, stderr=terminal)
    os.close(terminal)
    text = ""
    while "m1: 1 s of 2 min, " not in text:
        text += os.read(screen, 4096).decode()
    process.send_signal(signal.SIGINT)
    with suppress(OSError):  # EIO: the other end is closed
        while data := os.read(screen, 4096):
            text += data.decode()
    os.close(screen)
    assert process.wait(30) == 130
    assert "interrupted after " in text.rstrip().splitlines()[-1]
    assert "s of 2\u202fmin: these are the findings so far" in text


def test_nothing_is_written(doctor, demo, tmp_path):
    """Neither the state nor anything else."""
    before = sorted(tmp_path.rglob("*"))
    doctor.listens("-i", "m1", capture=demo)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_running_sensor_keeps_its_address(doctor):
    """That it serves metrics already is no problem."""
    sensor = subprocess.Popen(
        doctor.network.command(*NETMON, "run", "-i", "m3", "--config", doctor.config),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        while "watching" not in sensor.stderr.readline():
            pass
        [found] = of(doctor.listens("-i", "m1"), "web")
    finally:
        sensor.terminate()
        sensor.communicate(timeout=30)
    assert (found["mark"], "a sensor of netmon serves there already" in found["text"]) == ("ok", True)


def test_wrong_durations(doctor):
    """Usage errors say what to write."""
    for text in ("0", "2 minutes", "-1s", "25h", "1e3"):
        process = doctor.start("-i", "m1", "--duration", text)
        _output, errors = process.communicate(timeout=30)
        assert process.returncode == 2
        assert "write a time from one second to a day, such as 30s, 2m or 1h" in " ".join(errors.split())


def test_a_terminal_shows_how_far_it_is(doctor):
    """A line that is written anew, and of which nothing stays; the findings are on standard output."""
    ours, theirs = os.openpty()
    process = doctor.start("-i", "m1", "--duration", "2s", stderr=theirs)
    os.close(theirs)
    output, _ = process.communicate(timeout=60)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "m1: 1 s of 2 s, " in shown
    assert "Ctrl-C ends it with the findings so far" in shown
    assert shown.endswith("\r\x1b[K")
    assert " not checked, " in output.splitlines()[-1]
