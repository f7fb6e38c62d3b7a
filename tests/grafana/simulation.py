"""The exporter in simulated time: scraped at chosen moments, restarted, and read by a real Prometheus.

The samples are those of `Prometheus.registry` with a simulated clock; promtool writes them into a database as
if they had been scraped then, so that an hour takes seconds.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from netmon.exposition import labels_of
from netmon.outputs.process import SensorInfo
from netmon.outputs.prometheus import Prometheus
from netmon.outputs.remembered import Remembered
from netmon.records import ConcernStanding, Place, Verdict
from netmon.signatures.load import load_folder
from tests.grafana import counters
from tests.grafana.boards import Range, Target, fill_in
from tests.lab.lab import SIGNATURES, wait_for
from tests.records import classified

SIMULATED = pytest.mark.reuse(
    "grafana",
    "tests/grafana",
    "tests/records.py",
    "tests/machine.py",
    ":(glob)netmon/*.py",
    "netmon/data/signatures",
    "netmon/destinations",
    "netmon/outputs",
    "netmon/places",
    "netmon/signatures",
)
"""Marks tests that need nothing but simulated sensors and Prometheus."""

BEGIN_S = 1_800_000_000 - 1_800_000_000 % 7200
"""The beginning of every simulation: blocks of Prometheus' database begin at even hours."""
SCRAPE_S = 15
PHASE_S = 7.3  # a target is not scraped at the moments at which a graph has its points
HOLD_S = 60


class Database:
    """Samples of all scrapes, by family and series."""

    def __init__(self) -> None:
        self._families: dict[str, tuple[str, dict[str, list[str]]]] = {}

    def add(self, metrics: Prometheus, when_s: float, job: str, instance: str) -> None:
        """Adds one scrape of a target."""
        for family in metrics.registry.collect():
            _, series = self._families.setdefault(family.name, (family.type, {}))
            for sample in family.samples:
                names, values = zip(*sample.labels.items(), strict=True) if sample.labels else ((), ())
                labels = labels_of((*names, "job", "instance"), (*values, job, instance))
                series.setdefault(sample.name + labels.text, []).append(f"{sample.value!r} {when_s}")

    def write(self, path: Path) -> None:
        """Writes the samples in the format that promtool reads."""
        with path.open("w", encoding="utf-8") as file:
            for name, (kind, series) in self._families.items():
                file.write(f"# TYPE {name} {kind if kind in ('counter', 'gauge') else 'unknown'}\n")
                for key, samples in series.items():
                    file.writelines(f"{key} {sample}\n" for sample in samples)
            file.write("# EOF\n")

    @contextmanager
    def served(self, folder: Path) -> Iterator[Server]:
        """A Prometheus with these samples."""
        self.write(folder / "samples.txt")
        words = ("promtool", "tsdb", "create-blocks-from", "openmetrics", "samples.txt", "data")
        made = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        (folder / "prometheus.yml").write_text("{}")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen(
            [
                shutil.which("prometheus"),
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=data",
                "--storage.tsdb.retention.time=100y",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            server = Server(port)
            wait_for(server.is_ready, "Prometheus has read the samples")
            yield server
        finally:
            process.kill()
            process.wait()


class Server:
    """A Prometheus on loopback."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def is_ready(self) -> bool:
        """Whether it answers queries."""
        try:
            with urllib.request.urlopen(f"{self._url}/-/ready", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def call(self, path: str, **words: str) -> Any:
        """The response to a query; fails the test if it is an error."""
        body = urllib.parse.urlencode(words).encode()
        try:
            with urllib.request.urlopen(f"{self._url}/api/v1/{path}", body, timeout=60) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{error.read().decode()}: {words}") from error

    def number(self, expression: str, when_s: float) -> float | None:
        """The value of an expression with one result at most."""
        found = self.call("query", query=expression, time=str(when_s))
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def panel(self, target: Target, chosen: dict[str, str], when: Range) -> list[dict[str, Any]]:
        """The result of a panel's query, asked as Grafana asks."""
        expression = fill_in(target.query["expr"], chosen, when)
        if target.query.get("instant"):
            return self.call("query", query=expression, time=str(when.end_s))
        step_s = when.step_s
        begin_s, end_s = (int(one) // step_s * step_s for one in (when.begin_s, when.end_s))
        times = {"start": str(begin_s + step_s), "end": str(end_s), "step": str(step_s)}
        return self.call("query_range", query=expression, **times)


class Sensor:
    """A simulated sensor, with the flows that a test lets it see."""

    def __init__(
        self,
        database: Database,
        instance: str = "berlin:10977",
        begin_s: float = BEGIN_S,
        name: tuple[str, str] | None = None,
        signatures: Path = SIGNATURES,
        *,
        has_name: bool = True,
    ) -> None:
        """`name`: sensor and site of netmon_sensor_info, if it `has_name`; by default the host, twice."""
        self._begin_s = begin_s
        self.now_s = float(begin_s)
        self.stats: dict[str, Any] = counters.databases(begin_s) | {"degraded": {("eth1", "unseen"): 0}}
        self._has_name = has_name
        self.name = name or (instance.partition(":")[0], instance.partition(":")[0].capitalize())
        self._signatures = load_folder(signatures)
        self._database = database
        self._instance = instance
        self._flows = 0
        self._poor_s = 0.0
        self._last_packet_s = 0.0
        self.is_blind = False  # its mirror port shows no packets of flows
        self.start()

    def start(self, remembered: Remembered | None = None) -> None:
        """Starts, with what an earlier run left in its state file."""
        self.metrics = Prometheus("1", self._stats, hold_s=HOLD_S, clock=lambda: self.now_s)
        if remembered is not None:
            self.metrics.restore(remembered)
        if self._has_name:
            self.metrics.registry.register(SensorInfo(*self.name))
        self.metrics.loaded(self._signatures, [], self.now_s)
        self._started_s, self._poor_s = self.now_s, 0.0

    def restart(self) -> None:
        """Ends and starts again: what was counted is lost, and what is remembered is not."""
        news = self.stats.get("new_destinations", {})
        self.stats["new_destinations"] = {labels: replace(one, count=0) for labels, one in news.items()}
        self.start(self.metrics.remembered())

    def see(
        self,
        place: Place,
        verdict: Verdict,
        flows: int = 1,
        sent: int = 1000,
        received: int | None = None,
        of: tuple[str, str] = ("acme", "files"),
        rtt_ms: float = 12,
        concerns: tuple[ConcernStanding, ...] = (),
    ) -> None:
        """Sees flows of a vendor's component now."""
        vendor, component = of
        for _ in range(flows):
            self._flows += 1
            seen = classified(
                place,
                verdict,
                flow_id=self._flows,
                last_ns=int(self.now_s * 1e9),
                new_sent_bytes=sent,
                new_received_bytes=2 * sent if received is None else received,
                rtt_ns=int(rtt_ms * 1e6),
            )
            self.metrics.flow(replace(seen, vendor=vendor, component=component, concerns=concerns))

    def scrape(self, job: str = "netmon") -> None:
        """Is scraped now."""
        self._database.add(self.metrics, self.now_s + PHASE_S, job, self._instance)

    def until(self, when_s: float, every_s: float = SCRAPE_S) -> Iterator[float]:
        """Lets time pass, and is scraped at intervals; gives each moment before its scrape."""
        while self.now_s < self._begin_s + when_s:
            self.now_s += every_s
            self._poor_s += every_s * any(self.stats["degraded"].values())
            yield self.now_s - self._begin_s
            self.scrape()

    def run(self, when_s: float) -> None:
        """Lets time pass without flows."""
        for _ in self.until(when_s):
            pass

    def _stats(self) -> dict[str, Any]:
        if not self.is_blind:
            self._last_packet_s = self.now_s
        counted = counters.counted(self.now_s - self._started_s, self._poor_s)
        return counted | self.stats | {"last_flow_packet_s": {"eth1": self._last_packet_s}}
