"""The systemd unit: systemd's own checks, and that netmon works under its restrictions."""

import configparser
import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from netmon.web.connections import MAX_CONNECTIONS
from tests.machine import need, need_readable_by_all

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "netmon.service"
EXPOSURE = 20  # tenths; systemd calls up to 4.0 "OK"
PR_SET_NO_NEW_PRIVS, PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN = 38, 65, 1
NET_RAW = 1 << 13


def analyze(*words):
    """The exit code and output of systemd-analyze."""
    need("systemd-analyze")
    done = subprocess.run(
        ["systemd-analyze", "--no-pager", *map(str, words)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_systemd_accepts_the_units(tmp_path):
    """They have no unknown directive and no invalid value; only the program's path is replaced here."""
    need("kill")
    unit, socket = tmp_path / UNIT.name, tmp_path / "netmon.socket"
    unit.write_text(UNIT.read_text().replace("/opt/netmon/bin/netmon", shutil.which("true")))
    socket.write_text(UNIT.with_name(socket.name).read_text())
    assert analyze("verify", unit, socket) == (0, "")


def test_exposure_is_low():
    """The exposure level that systemd computes stays below 2.0 of 10."""
    code, text = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", UNIT)
    assert code == 0, text


def test_unit_is_as_documented():
    """Paths of configuration and state, the reload command, one capability, a start with the time set."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(UNIT)
    service = unit["Service"]
    assert service["Environment"] == "NETMON_CONFIG=/etc/netmon/netmon.yaml"
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert service["AmbientCapabilities"] == service["CapabilityBoundingSet"] == "CAP_NET_RAW"
    assert unit["Unit"]["Wants"] == "time-sync.target"
    assert "time-sync.target" in unit["Unit"]["After"].split()
    assert (service["ConfigurationDirectory"], service["StateDirectory"]) == ("netmon", "netmon")


def _forbid():
    """MemoryDenyWriteExecute= and NoNewPrivileges=, as kernels from 6.3 on have them."""
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((PR_SET_NO_NEW_PRIVS, 1), (PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN)):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


def _can_forbid():
    probe = "import tests.deploy.test_deploy_unit as unit; unit._forbid()"
    return subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, check=False)


def test_netmon_needs_no_writable_executable_memory(tmp_path):
    """The complete demo runs where memory can never become executable (MemoryDenyWriteExecute=)."""
    if _can_forbid().returncode != 0:
        pytest.skip("needs a kernel with PR_SET_MDWE (6.3)")
    words = [sys.executable, "-m", "netmon", "demo"]
    done = subprocess.run(
        words,
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        preexec_fn=_forbid,  # this process has one thread
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "unexpected" in done.stdout


def test_unit_is_bounded():
    """Memory and tasks have limits; what the web server remembers is in memory, for its user only."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(UNIT)
    service = unit["Service"]
    assert (service["MemoryMax"], service["TasksMax"]) == ("3G", "512")
    assert (
        int(service["TasksMax"]) > MAX_CONNECTIONS + 64
    )  # a thread for each connection, and the most workers
    assert (service["RuntimeDirectory"], service["RuntimeDirectoryMode"]) == ("netmon", "0700")
    assert service["RuntimeDirectoryPreserve"] == "restart"


@pytest.mark.lab
def test_one_capability_is_enough(tmp_path):
    """As user nobody, with CAP_NET_RAW as its only, ambient capability, the sensor captures.

    Then it gives up what it could pass on, and all system calls that it does not need.
    """
    need("setpriv", "ip")
    need_readable_by_all()
    rights = "--inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw --bounding-set=-all,+net_raw"
    command = (
        "ip link set lo up && ip link add netmon-a type veth peer netmon-b && ip link set netmon-a up && "
        "ip link set netmon-b up && exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs "
        f'{rights} "$0" -m netmon run -i netmon-a --web.listen-address off'
    )
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o777)
    sensor = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", command, sys.executable],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "XDG_STATE_HOME": str(state)},
        cwd="/",
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert "CAP_BPF" in sensor.stderr.readline()  # it reads every packet
        assert sensor.stderr.readline() == "netmon: watching netmon-a; metrics: off\n"
        status = Path(f"/proc/{sensor.pid}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert fields["Uid"].split() == ["65534"] * 4
        assert {name: int(fields[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")} == dict.fromkeys(
            ("CapPrm", "CapEff", "CapBnd"), NET_RAW
        )
        assert (int(fields["CapAmb"], 16), int(fields["CapInh"], 16)) == (0, 0)
        assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")
    finally:
        sensor.terminate()
        sensor.communicate(timeout=30)
    assert sensor.returncode == 0
