"""Every golden capture results in exactly the events and metrics stored beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from prometheus_client import generate_latest

from netmon import wiring
from netmon.cli.app import app
from netmon.cli.exit_codes import ERROR, FOUND, OK
from netmon.config.load import load
from netmon.outputs.prometheus import Prometheus
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource
from tests.craft import (
    golden,
    golden_embedded,
    golden_machines,
    golden_names,
    golden_preambles,
    golden_round_trips,
    golden_streams,
    golden_wrappings,
)

Case = Callable[[], bytes]

SIGNATURES = golden.FOLDER / "signatures"
ABOUT_THE_RUN = ("#", "netmon_build", "netmon_signatures", "netmon_config", "netmon_location")

EXIT_CODES: dict[Case, int] = {
    golden_embedded.embedded_addresses: FOUND,
    golden_machines.dhcp_exchange: FOUND,
    golden_machines.mdns_announcement: FOUND,
    golden_machines.one_hardware_address_of_many: FOUND,
    golden_machines.router_in_between: FOUND,
    golden_names.three_places: FOUND,
    golden_preambles.http_host: FOUND,
    golden_round_trips.intercepted: FOUND,
    golden_round_trips.moscow_excluded: FOUND,
    golden_round_trips.round_trips_not_measured: FOUND,
    golden_streams.truncated_file: ERROR,
    golden_wrappings.not_decoded: ERROR,
}
"""Exit codes other than 0."""

by_case = pytest.mark.parametrize("case", golden.CASES, ids=lambda case: case.__name__)


def events(path: Path, config: Path) -> tuple[str, int]:
    """The output of `netmon read` for a capture, and its exit code."""
    command = ["read", "--json", "--all", "--config", str(config), "--signatures", str(SIGNATURES), str(path)]
    result = CliRunner().invoke(app, command)
    return result.stdout, result.exit_code


def metrics(path: Path, config_file: Path) -> str:
    """The samples of a capture's metrics that are not zero, except those about the run itself."""
    config = replace(load(config_file), signatures=SIGNATURES)
    signatures = wiring.load_signatures(config)
    source = FileSource(
        [str(path)], compile_matcher(signatures), every_flow=True, limits=config.engine_keywords()
    )
    prometheus = Prometheus("test", source.stats)
    monitor = wiring.make_monitor(config, signatures)
    for batch in source.batches():
        wiring.deliver(batch, monitor, [prometheus])
    samples = generate_latest(prometheus.registry).decode().splitlines(keepends=True)
    return "".join(s for s in samples if not s.startswith(ABOUT_THE_RUN) and not s.endswith(" 0.0\n"))


@by_case
def test_events_and_metrics_are_those_expected(case: Case, request: pytest.FixtureRequest) -> None:
    """Events, metrics and exit code equal the expected ones."""
    folder = golden.FOLDER / case.__name__
    expected = folder / "expected"
    capture = folder / golden.input_name(case)
    config = golden.config(case)
    written, code = events(capture, config)
    seen = {"events.jsonl": written, "metrics.txt": metrics(capture, config)}
    if request.config.getoption("--update-golden"):
        expected.mkdir(exist_ok=True)
        for name, text in seen.items():
            (expected / name).write_text(text, encoding="utf-8")
    for name, text in seen.items():
        assert text == (expected / name).read_text(encoding="utf-8"), f"{case.__name__}/{name}"
    assert code == EXIT_CODES.get(case, OK)


@by_case
def test_captures_can_be_made_again(case: Case) -> None:
    """The builder gives the same bytes, and the README describes them."""
    folder = golden.FOLDER / case.__name__
    assert (folder / golden.input_name(case)).read_bytes() == case()
    assert (folder / "README.md").read_text(encoding="utf-8") == golden.readme(case)


def test_every_golden_folder_has_its_case() -> None:
    """No folder is left over from a removed case."""
    folders = {path.parent.name for path in golden.FOLDER.glob("*/README.md")}
    assert folders == {case.__name__ for case in golden.CASES}
