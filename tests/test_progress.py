"""How far the reading of large signatures has come is shown, and of others nothing."""

import re
import shutil
import subprocess
import sys

import pytest
from msgspec.structs import replace

from netmon import wiring
from netmon.config.settings import Config
from netmon.loading import PacedCount
from netmon.signatures.load import REPORT_EVERY, load_folder
from tests.bench.signatures import write_set

COUNT = 3 * REPORT_EVERY


def test_the_count_grows_while_signatures_are_read(tmp_path):
    """From the first thousands to all; a small set reports nothing."""
    counts = []
    write_set(tmp_path, COUNT, COUNT, shape="mixed")
    load_folder(tmp_path, counts.append)
    assert counts == list(range(REPORT_EVERY, 2 * COUNT, REPORT_EVERY))
    counts.clear()
    wiring.load_signatures(Config(), None, counts.append)
    assert counts == []


def test_a_count_is_logged_once_a_second():
    """Not before a second has passed, and not for each report."""
    log, now_s = [], [0.0]
    count = PacedCount(log.append, "{:,} read so far", lambda: now_s[0])
    for number in range(1000, 13_000, 1000):
        now_s[0] += 0.25
        count(number)
    assert log == ["4,000 read so far", "8,000 read so far", "12,000 read so far"]


def test_a_sensor_logs_how_far_it_is(monkeypatch, tmp_path):
    """At the start and at a reload, in lines for the log."""
    from netmon import sensor  # noqa: PLC0415

    write_set(tmp_path, COUNT, 0)
    monkeypatch.setattr("netmon.loading._EVERY_S", 0.0)
    log = []
    one = sensor.Sensor(replace(Config(), signatures=tmp_path, state=tmp_path), lambda _: None, log.append)
    expected = [f"{count:,} names and networks read so far" for count in (REPORT_EVERY, 2 * REPORT_EVERY)]
    assert [line for line in log if "so far" in line] == expected
    log.clear()
    one._load()
    assert [line for line in log if "so far" in line] == expected


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_command_shows_it_on_a_terminal_only(tmp_path, is_terminal):
    """`netmon check`: nothing stays of it, and there is nothing of it in a file."""
    if shutil.which("script") is None:
        pytest.skip("needs script (Debian: bsdutils)")
    write_set(tmp_path, 10 * COUNT, 0)
    command = f"{sys.executable} -m netmon check --signatures {tmp_path}"
    words = ["script", "-qec", command, "/dev/null"] if is_terminal else command.split()
    done = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=60, check=False)
    found = re.findall(r"reading signatures: ([0-9,]+) names and networks", done.stdout + done.stderr)
    assert bool(found) == is_terminal
