"""Every golden capture gives exactly the events and metrics beside it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from netmon.outputs.prometheus import Prometheus
from prometheus_client import generate_latest

from netmon.config import load
from netmon.monitor import Monitor
from netmon.outputs.events import Events
from netmon.places.locator import Locator
from netmon.privacy import ADDRESS, Privacy
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource
from tests.craft import golden

Case = Callable[[], bytes]

SIGNATURES = golden.FOLDER / "signatures"
CONFIG = golden.FOLDER / "netmon.yaml"
ABOUT_THE_RUN = ("#", "netmon_build", "netmon_signatures", "netmon_config", "netmon_location")

by_case = pytest.mark.parametrize("case", golden.CASES, ids=lambda case: case.__name__)


def read(path: Path) -> tuple[str, str]:
    """The events of a capture, and those of its metrics' samples that are not zero."""
    signatures = load_folder(SIGNATURES)
    config = load(CONFIG)
    monitor = Monitor(signatures, Locator(signatures, config.overrides), config.policy, config.subject)
    source = FileSource(
        [str(path)], compile_matcher(signatures), every_flow=True, limits=config.limits.keywords()
    )
    stream = io.StringIO()
    events = Events(stream, Privacy(ADDRESS, b""), signatures.locations)
    metrics = Prometheus("test", source.stats)
    for batch in source.batches():
        for message in batch.dns:
            events.dns(message)
        for flow in batch.flows:
            sighting = monitor.sight(flow)
            events.sighting(sighting)
            metrics.sighting(sighting)
    samples = generate_latest(metrics.registry).decode().splitlines(keepends=True)
    kept = [line for line in samples if not line.startswith(ABOUT_THE_RUN) and not line.endswith(" 0.0\n")]
    return stream.getvalue(), "".join(kept)


@by_case
def test_events_and_metrics_are_those_expected(case: Case, request: pytest.FixtureRequest) -> None:
    """Nothing more, nothing less, nothing else."""
    folder = golden.FOLDER / case.__name__
    expected = folder / "expected"
    seen = dict(zip(("events.jsonl", "metrics.txt"), read(folder / golden.input_name(case)), strict=True))
    if request.config.getoption("--update-golden"):
        expected.mkdir(exist_ok=True)
        for name, text in seen.items():
            (expected / name).write_text(text, encoding="utf-8")
    for name, text in seen.items():
        assert text == (expected / name).read_text(encoding="utf-8"), f"{case.__name__}/{name}"


@by_case
def test_captures_can_be_made_again(case: Case) -> None:
    """The builder gives the same bytes, and README says what they are for."""
    folder = golden.FOLDER / case.__name__
    assert (folder / golden.input_name(case)).read_bytes() == case()
    assert (folder / "README.md").read_text(encoding="utf-8") == golden.readme(case)


def test_every_golden_folder_has_its_case() -> None:
    """No folder is left behind by a case that is gone."""
    folders = {path.parent.name for path in golden.FOLDER.glob("*/README.md")}
    assert folders == {case.__name__ for case in golden.CASES}
