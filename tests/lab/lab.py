"""The running lab: servers, clients, the sensor on the mirror port, and captures of the real traffic."""

from __future__ import annotations

import contextlib
import datetime
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from prometheus_client.parser import text_string_to_metric_families

from tests.lab.network import ADDRESSES, MIRROR_PORT, UPLINK, Mirror, Network
from tests.machine import NETMON

ROOT = Path(__file__).parent.parent.parent
SIGNATURES = Path(__file__).with_name("signatures")
CLIENTS = ("client-a", "client-b")
METRICS_PORT = 10977
CONFIG = f"""
signatures: {{folder: {SIGNATURES}}}
subject: {{country: DE}}
privacy: {{level: 0}}
events: {{file: events.jsonl}}
web: {{listen: "127.0.0.1:{METRICS_PORT}"}}
"""
DEADLINE_S = 30.0


class Ends(NamedTuple):
    """The two ends of a connection, client first."""

    client: str
    client_port: int
    server: str
    server_port: int


class Lab:
    """A network with running servers; a context manager that stops all its processes."""

    def __init__(
        self,
        folder: Path,
        *,
        offloads: bool = False,
        zone: dict[str, dict],
        mirror: Mirror = UPLINK,
        config: str = "",
        tcp_idle_s: int = 300,
        udp_idle_s: int = 60,
        hold_zero_s: int = 0,
    ) -> None:
        self._folder = folder
        self._zone = zone
        flows = f"report_every_s: 1, tcp_idle_s: {tcp_idle_s}, udp_idle_s: {udp_idle_s}"
        metrics = f"metrics: {{hold_zero_s: {hold_zero_s}}}"
        state = f"state: {{folder: {folder / 'state'}, learning_days: 0}}"
        self._config = f"{CONFIG}flows: {{{flows}}}\n{metrics}\n{state}\n{config}"
        self._network = Network(mirror, offloads)
        self._stack = ExitStack()

    def __enter__(self) -> Lab:
        with ExitStack() as stack:
            stack.enter_context(self._network)
            self._stack = stack
            zone = self._folder / "zone.json"
            zone.write_text(json.dumps(self._zone), encoding="utf-8")
            certificate, key = write_certificate(self._folder)
            servers = "-m", "tests.lab.servers"
            for host in ("resolver", "router"):
                self._serve(host, *servers, "dns", str(zone))
            for host in ("zurich", "moscow", "resolver"):
                self._serve(host, *servers, "web", str(certificate), str(key))
            self._truth = {host: self._folder / f"{host}.pcap" for host in CLIENTS}
            for host, path in self._truth.items():
                # Headers only, in a large buffer: with complete frames tcpdump loses packets.
                options = ("-s", "128", "-B", "65536", "--immediate-mode", "-U", "-Z", "root")
                words = ("tcpdump", "-i", "eth0", *options, "-w", str(path), "tcp")
                dump = self.start(host, *words, stderr=subprocess.PIPE)
                _read_until(dump.stderr, "listening on")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, host: str, *words: str, **streams: Any) -> subprocess.Popen[str]:
        """A process on a host; it is killed at the end if it still runs."""
        process = subprocess.Popen(self._network.command(host, *words), cwd=ROOT, text=True, **streams)
        self._stack.callback(_end, process)
        return process

    def run(self, host: str, *words: str) -> str:
        """The output of a command on a host; fails the test if the command fails."""
        return self._network.run(host, *words)

    def namespace(self, host: str) -> Path:
        """The file by which another process enters a host's network namespace."""
        return Path("/run/netns") / self._network.name(host)

    def get(self, host: str, url: str) -> str:
        """The body of a URL fetched on a host; empty if the request fails."""
        command = self._network.command(host, "curl", "-sf", "--globoff", url)
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def connect(self, host: str, jobs: Sequence[dict]) -> list[Ends]:
        """Runs jobs one after the other (see `clients`). Returns the ends of their connections."""
        words = (sys.executable, "-m", "tests.lab.clients", ADDRESSES["resolver"][0])
        lines = "".join(json.dumps(job) + "\n" for job in jobs)
        done = subprocess.run(
            self._network.command(host, *words),
            input=lines,
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers = map(json.loads, done.stdout.splitlines())
        return [Ends(*answer["client"], *answer["server"]) for answer in answers if "client" in answer]

    def hold(self, host: str, job: dict) -> Ends:
        """Opens a connection that stays open. Returns its ends."""
        words = (sys.executable, "-m", "tests.lab.clients", ADDRESSES["resolver"][0])
        process = self.start(host, *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(json.dumps(job | {"hold": True}) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        return Ends(*answer["client"], *answer["server"])

    def curl(self, host: str, url: str, *options: str) -> Ends:
        """Fetches a URL with curl, which queries the lab's resolver. Returns the connection's ends."""
        ends = "%{local_ip} %{local_port} %{remote_ip} %{remote_port}"
        found = self.run(
            host, "curl", "-sSk", "--output", "/dev/null", "--write-out", ends, *options, url
        ).split()
        return Ends(found[0], int(found[1]), found[2], int(found[3]))

    def sent_bytes(self) -> tuple[Counter[Ends], Counter[Ends]]:
        """IP bytes of each connection in the clients' own captures: sent, received."""
        sent, received = Counter[Ends](), Counter[Ends]()
        for host, path in self._truth.items():
            for source, source_port, target, target_port, size in _read_ip_sizes(path):
                if source in ADDRESSES[host]:
                    sent[Ends(source, source_port, target, target_port)] += size
                else:
                    received[Ends(target, target_port, source, source_port)] += size
        return sent, received

    def sensor(self) -> Sensor:
        """`netmon run` on the mirror port, once it is ready."""
        return Sensor(self, self._folder)

    def sensor_words(self) -> list[str]:
        """The command line that `sensor` runs."""
        return [
            *NETMON,
            "run",
            "-i",
            MIRROR_PORT,
            "--user",
            "nobody",
            "--config",
            str(self._write_config()),
        ]

    def _write_config(self) -> Path:
        path = self._folder / "netmon.yaml"
        path.write_text(self._config, encoding="utf-8")
        return path

    def _serve(self, host: str, *words: str) -> None:
        server = self.start(host, sys.executable, *words, stdout=subprocess.PIPE)
        _read_until(server.stdout, "ready")


class Sensor:
    """The process under test."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab = lab
        self._events = folder / "events.jsonl"
        self.errors = ""  # its standard error, once it has ended
        self._process = lab.start("sensor", *lab.sensor_words(), stderr=subprocess.PIPE)
        wait_for(self._is_up, "the sensor serves its metrics")

    def scrape(self) -> str:
        """The metrics, fetched inside the sensor's namespace."""
        return self._lab.run("sensor", "curl", "-sSf", f"http://127.0.0.1:{METRICS_PORT}/metrics")

    def sums(self, metric: str, *labels: str) -> Counter[tuple[str, ...]]:
        """The values above 0 of a counter, summed by these labels."""
        sums = Counter[tuple[str, ...]]()
        for family in text_string_to_metric_families(self.scrape()):
            for sample in family.samples:
                if sample.name == metric and sample.value:
                    sums[tuple(sample.labels[label] for label in labels)] += int(sample.value)
        return sums

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, list[dict]]:
        """Stops the sensor. Returns its exit code and all its events."""
        self._process.send_signal(number)
        _out, errors = self._process.communicate(timeout=DEADLINE_S)
        assert "Traceback" not in errors, errors
        self.errors = errors
        lines = self._events.read_text(encoding="utf-8").splitlines()
        return self._process.returncode, [json.loads(line) for line in lines]

    def events(self) -> list[dict]:
        """The events so far; one that is being written is not among them."""
        lines, _newline, _unfinished = self._events.read_text(encoding="utf-8").rpartition("\n")
        return [json.loads(line) for line in lines.splitlines()]

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal, for example SIGSTOP or SIGCONT."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """Ends the sensor as a crash would."""
        self._process.kill()
        self._process.communicate()

    def _is_up(self) -> bool:
        assert self._process.poll() is None, self._process.communicate()[1]
        words = ("curl", "-sf", "--output", "/dev/null", f"http://127.0.0.1:{METRICS_PORT}/-/ready")
        return self._lab.start("sensor", *words).wait() == 0


def wait_for(condition: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Returns once the condition holds; fails the test with `what` if it does not in time."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"not within {deadline_s:.0f} s: {what}"
        time.sleep(0.05)


def _read_until(stream: Any, text: str) -> None:
    for line in stream:
        if text in line:
            return
    raise AssertionError(f"ended before it printed {text!r}")


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):  # buffered input has no reader any more
                stream.close()
    process.wait()


def _read_ip_sizes(path: Path) -> list[tuple[str, int, str, int, int]]:
    """Ends and IP length of each TCP packet of a capture, read by tshark."""
    fields = ("ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport", "ip.len", "ipv6.plen")
    words = ["tshark", "-n", "-r", str(path), "-T", "fields"]
    for name in fields:
        words += ["-e", name]
    # The capture is still being written: tshark reports that the last packet is cut short.
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    rows = []
    for line in done.stdout.splitlines():
        ip4, ip6, port, to_ip4, to_ip6, to_port, length, payload = line.split("\t")
        size = int(length) if length else int(payload) + 40
        rows.append((ip4 or ip6, int(port), to_ip4 or to_ip6, int(to_port), size))
    return rows


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lab.example")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    paths = folder / "lab.crt", folder / "lab.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption()))
    return paths
