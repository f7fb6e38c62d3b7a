"""A sensor that was started as root: what it keeps, by /proc, and that all it opens later still works."""

import os
import pwd
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from netmon.signatures.folder import default_folder
from tests.machine import need
from tests.places.mmdb import DAY_S, JUNE_S, nested, write_database
from tests.privileges.live import FIELDS, PORT, ROOT, Live, wait_for

pytestmark = pytest.mark.lab

NET_RAW, DAC_OVERRIDE = 1 << 13, 1 << 1
OFF = ("--web.listen-address", "off")
NOBODY = pwd.getpwnam("nobody").pw_uid
DEMO = ROOT / "netmon" / "data" / "demo.pcap"
HOOK = """
import os, sys
def watch(event, arguments):
    if event == "import" and os.geteuid() != 0:
        os.write(2, f"netmon: late import of {arguments[0]}\\n".encode())
    if event == "open" and str(arguments[0]).endswith("providers.yaml") and os.geteuid() != 0:
        os.write(2, f"netmon: late reading of {arguments[0]}\\n".encode())
sys.addaudithook(watch)
"""


@pytest.fixture(autouse=True)
def _programs():
    need("ip", "nsenter", "tcpreplay")


def capabilities(thread):
    """The sets of a thread as numbers."""
    return {name: int(thread[name], 16) for name in FIELDS}


def test_every_thread_has_given_up_everything_else(tmp_path):
    """User, groups, all capabilities, no_new_privs and seccomp; with two workers and the web server."""
    (tmp_path / "netmon.yaml").write_text("capture: {workers: 2}\n")
    with Live(tmp_path, "--config", "netmon.yaml", "--user", "nobody") as sensor:
        assert sensor.started() == []
        threads = sensor.threads()
        assert {one["Name"] for one in threads} >= {"netmon-0", "netmon-1"}
        assert len(threads) >= 4
        for thread in threads:
            assert thread["Uid"].split() == [str(NOBODY)] * 4
            assert thread["Gid"].split() == [str(pwd.getpwnam("nobody").pw_gid)] * 4
            assert "0" not in thread["Groups"].split()
            assert capabilities(thread) == dict.fromkeys(FIELDS, 0) | {"CapPrm": NET_RAW, "CapEff": NET_RAW}
            assert (thread["NoNewPrivs"], thread["Seccomp"]) == ("1", "2")
        assert sensor.stop() == ""


def test_nobody_is_chosen_and_explained(tmp_path):
    """Without a user `netmon` and without an option, one line says who it is, and why."""
    if any(one.pw_name == "netmon" for one in pwd.getpwall()):
        pytest.skip("this machine has a user netmon, which is chosen without a word")
    with Live(tmp_path, *OFF) as sensor:
        assert sensor.started() == ["running as nobody, because there is no user netmon"]
        assert sensor.threads()[0]["Uid"].split() == [str(NOBODY)] * 4


def test_root_stays_only_if_told(tmp_path):
    """With --stay-root: the user, and access to all files; no other capability, and still the filter."""
    with Live(tmp_path, *OFF, "--stay-root") as sensor:
        assert sensor.started() == []
        for thread in sensor.threads():
            assert thread["Uid"].split() == ["0"] * 4
            kept = NET_RAW | DAC_OVERRIDE
            assert capabilities(thread) == dict.fromkeys(FIELDS, 0) | {"CapPrm": kept, "CapEff": kept}
            assert (thread["NoNewPrivs"], thread["Seccomp"]) == ("1", "2")


def test_the_filter_can_be_switched_off(tmp_path):
    """For systems whose libraries need another system call; everything else is given up."""
    (tmp_path / "netmon.yaml").write_text("privileges: {user: nobody, filter_calls: false}\n")
    with Live(tmp_path, *OFF, "--config", "netmon.yaml") as sensor:
        assert sensor.started() == []
        assert [(one["Seccomp"], one["NoNewPrivs"]) for one in sensor.threads()] == [("0", "1")] * len(
            sensor.threads()
        )


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("no-such-user", "privileges.user: there is no user 'no-such-user'"),
        ("root", "privileges.user: to stay root, use --stay-root"),
        ("0", "privileges.user: to stay root, use --stay-root"),
    ],
)
def test_wrong_users(tmp_path, user, message):
    """They are one line, before anything is captured."""
    with Live(tmp_path, *OFF, "--user", user) as sensor:
        assert sensor.line().startswith(message)
        assert sensor.process.wait(30) == 1


def test_a_container_without_the_right_to_change_the_user(tmp_path):
    """Root that may not become another user is told so, and does not stay root by accident."""
    need("setpriv")
    before = ("setpriv", "--bounding-set=-all,+net_raw", "--inh-caps=-all")
    with Live(tmp_path, *OFF, before=before) as sensor:
        assert sensor.line() == (
            "cannot become another user: operation not permitted; start netmon as an unprivileged user with "
            "CAP_NET_RAW, or stay root with --stay-root"
        )
        assert sensor.process.wait(30) == 1
    with Live(tmp_path, *OFF, "--offload", "off", "--stay-root", before=before) as sensor:
        assert sensor.started() == []
        assert capabilities(sensor.threads()[0])["CapEff"] == NET_RAW


def test_a_user_namespace_without_other_users(tmp_path):
    """Its root is an ordinary user outside, and captures on the interfaces of its own network."""
    need("unshare")
    where = f'ip link add {PORT} type veth peer name other && ip link set {PORT} up && exec "$0" "$@"'
    before = ("unshare", "--user", "--map-root-user", "--net", "sh", "-c", where)
    probe = subprocess.run([*before, "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"needs user namespaces: {probe.stderr.strip()}")
    with Live(tmp_path, *OFF, "--offload", "off", before=before) as sensor:
        [line] = sensor.started()
        assert line.startswith("root of a user namespace without the user ")
        for thread in sensor.threads():
            assert capabilities(thread) == dict.fromkeys(FIELDS, 0) | {"CapPrm": NET_RAW, "CapEff": NET_RAW}
            assert (thread["NoNewPrivs"], thread["Seccomp"]) == ("1", "2")


def test_a_kernel_without_seccomp(tmp_path):
    """One line says so, and the sensor runs with everything else given up."""
    refuse = tmp_path / "refuse.py"
    refuse.write_text(REFUSE.format(arguments=", ".join(map(str, _no_seccomp()))))
    before = ("python3", str(refuse))
    with Live(tmp_path, *OFF, "--user", "nobody", before=before) as sensor:
        assert sensor.started() == [
            "no system call is refused: Error calling `seccomp`: Function not implemented (os error 38)"
        ]
        assert capabilities(sensor.threads()[0])["CapEff"] == NET_RAW
        assert sensor.threads()[0]["NoNewPrivs"] == "1"


REFUSE = """
import ctypes, os, sys
program = bytes([{arguments}])
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Program(len(program) // 8, program)), 0, 0) == 0, ctypes.get_errno()
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Starts a program for which seccomp(2) does not exist."""


def _no_seccomp():
    numbers = {"x86_64": 317, "aarch64": 277, "riscv64": 277}
    if os.uname().machine not in numbers:
        pytest.skip("the number of seccomp(2) on this processor is not known here")
    load, jump, end = 0x20, 0x15, 0x06
    return b"".join(
        struct.pack("HBBI", *instruction)
        for instruction in (
            (load, 0, 0, 0),
            (jump, 0, 1, numbers[os.uname().machine]),
            (end, 0, 0, 0x00050000 | 38),  # ENOSYS
            (end, 0, 0, 0x7FFF0000),
        )
    )


def test_nothing_is_imported_later(tmp_path):
    """Python may be out of reach then: with traffic, metrics, a runbook, a reload, and the last flows."""
    need("curl")
    for name in ("hook", "log"):
        (tmp_path / name).mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK)
    (tmp_path / "netmon.yaml").write_text(
        "events: {file: log/events.jsonl, rotate_mib: 1}\nsubject: {country: DE}\n"
        "web: {enable_lifecycle: true}\n"
    )
    path = f"{tmp_path / 'hook'}:{ROOT}"
    with Live(tmp_path, "--config", "netmon.yaml", "--user", "nobody", PYTHONPATH=path) as sensor:
        assert sensor.started() == []
        sensor.replay(DEMO)
        url = "http://127.0.0.1:10977"
        for words in (
            (f"{url}/",),
            (f"{url}/metrics",),
            ("-H", "Accept: application/openmetrics-text", "-H", "Accept-Encoding: gzip", f"{url}/metrics"),
            (f"{url}/runbooks/SensorDown",),
            (f"{url}/view",),
            (f"{url}/nothing",),
            ("-X", "POST", f"{url}/-/reload"),
            ("-X", "OPTIONS", f"{url}/-/reload"),
        ):
            sensor.inside("curl", "-s", "-o", "/dev/null", *words)
        assert sensor.line().startswith("signatures reloaded from ")
        assert sensor.stop() == ""


def test_state_and_events_belong_to_the_user(tmp_path):
    """Folders and files that root made before are handed over, new ones are made, and all are written."""
    folder, events = tmp_path / "state", tmp_path / "log" / "events.jsonl"
    folder.mkdir(mode=0o700)
    (folder / "series.json").write_text("{")
    events.parent.mkdir(mode=0o755)
    events.write_text("")
    (tmp_path / "netmon.yaml").write_text(
        f"state: {{folder: {folder}}}\nevents: {{file: {events}}}\nsubject: {{country: DE}}\n"
    )
    with Live(tmp_path, *OFF, "--config", "netmon.yaml", "--user", "nobody") as sensor:
        [line] = sensor.started()
        assert line.endswith(
            f"renamed to {folder}/series.json.damaged; metrics no longer show what was seen "
            "before the restart"
        )
        sensor.replay(DEMO)
        assert sensor.stop() == ""
    made = [folder, *folder.iterdir(), events.parent, events]
    assert {one.name for one in folder.iterdir()} >= {"destinations.json", "series.json", "round_trips.json"}
    assert {one.stat().st_uid for one in made} == {NOBODY}
    assert len(events.read_text().splitlines()) > 30


def test_default_state_of_root(tmp_path):
    """Root's home cannot be entered by others, so the state is kept in /var/lib/netmon."""
    home = tmp_path / "root"
    home.mkdir(mode=0o700)
    mount = 'mount -t tmpfs none /var/lib && exec "$0" "$@"'
    before = ("unshare", "--mount", "sh", "-c", mount)
    with Live(home, *OFF, "--user", "nobody", before=before) as sensor:
        assert sensor.started() == []
        kept = Path(f"/proc/{sensor.process.pid}/root/var/lib/netmon")
        assert (kept.stat().st_uid, kept.stat().st_mode & 0o777) == (NOBODY, 0o700)
        assert list(home.iterdir()) == []


def test_a_port_of_root_is_opened_before(tmp_path):
    """Metrics can be served on a port below 1024."""
    need("curl")
    with Live(tmp_path, "--web.listen-address", "127.0.0.1:443", "--user", "nobody") as sensor:
        assert sensor.started() == []
        assert "netmon_build_info" in sensor.inside("curl", "-s", "http://127.0.0.1:443/metrics")


def test_a_key_of_pseudonyms_is_read_before(tmp_path):
    """It is read once, so only root needs to be able to read it."""
    key = tmp_path / "key"
    key.write_bytes(os.urandom(32))
    key.chmod(0o600)
    (tmp_path / "netmon.yaml").write_text(f"privacy: {{key_file: {key}}}\n")
    with Live(tmp_path, *OFF, "--config", "netmon.yaml", "--user", "nobody") as sensor:
        assert sensor.started() == []


@pytest.mark.usefixtures("libpcap")
def test_a_filter_is_compiled_before(tmp_path):
    """Looking for libpcap starts programs, which is refused later."""
    with Live(tmp_path, *OFF, "--user", "nobody", "--offload", "off", "tcp", "port", "80") as sensor:
        assert sensor.started() == []


def test_changed_databases_and_signatures_are_read(tmp_path):
    """A new location database and new signatures are in use after SIGHUP."""
    shutil.copytree(default_folder(), tmp_path / "signatures")
    database = tmp_path / "city.mmdb"
    write_database(database, {"192.0.2.0/24": nested("CH")})
    (tmp_path / "netmon.yaml").write_text(
        f"places: {{databases: [{database}]}}\nsignatures: {{folder: {tmp_path / 'signatures'}}}\n"
    )
    with Live(tmp_path, *OFF, "--config", "netmon.yaml", "--user", "nobody") as sensor:
        assert sensor.started() == []
        new = write_database(tmp_path / "new", {"192.0.2.0/24": nested("CH")}, built_s=JUNE_S + DAY_S)
        new.replace(database)
        sensor.process.send_signal(1)
        # Signatures are loaded beside the running sensor, so either may be first.
        assert {sensor.line(), sensor.line()} == {
            f"signatures reloaded from {tmp_path / 'signatures'}",
            "location databases in use: GeoLite2-City of 2026-06-18",
        }


def test_renewed_keys_are_used(tmp_path):
    """A new certificate and its key are used for the next connection."""
    need("openssl", "curl")
    listen = ("--web.listen-address", "127.0.0.1:10977", "--web.config.file", "web.yml")
    (tmp_path / "web.yml").write_text("tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n")

    def renew(name):
        words = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ]
        files = ["-keyout", "key.new", "-out", "cert.new", "-subj", f"/CN={name}"]
        subprocess.run([*words, *files], cwd=tmp_path, capture_output=True, check=True)
        for kind in ("key", "cert"):
            (tmp_path / f"{kind}.new").chmod(0o640)
            os.chown(tmp_path / f"{kind}.new", 0, pwd.getpwnam("nobody").pw_gid)
            (tmp_path / f"{kind}.new").replace(tmp_path / f"{kind}.pem")

    def subject(sensor):
        words = ("curl", "-skv", "-o", "/dev/null", "--stderr", "-", "https://127.0.0.1:10977/metrics")
        return sensor.inside(*words)

    renew("first")
    with Live(tmp_path, *listen, "--user", "nobody") as sensor:
        assert sensor.started() == []
        assert "CN=first" in subject(sensor)
        renew("second")
        wait_for(lambda: "CN=second" in subject(sensor), "the new certificate is used")
        assert sensor.line() == "web.yml: reloaded"


def test_a_key_that_only_root_can_read_is_refused_at_the_start(tmp_path):
    """It could not be renewed later, so the sensor does not start with it."""
    (tmp_path / "web.yml").write_text("tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n")
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o600)
    listen = ("--web.listen-address", "127.0.0.1:10977", "--web.config.file", "web.yml")
    with Live(tmp_path, *listen, "--user", "nobody") as sensor:
        assert sensor.line() == "web.yml: cert.pem: permission denied"
        assert sensor.process.wait(30) == 1
