"""When evidence leaves: for its age, if the clock can be believed, and for its size."""

import json
import os

import pytest

from netmon.evidence.chain_check import check_chain
from netmon.evidence.erasure_record import record_erasure
from tests.evidence import test_recorder
from tests.evidence.test_recorder import DAY_S, finding, names

recorder = test_recorder.recorder


def test_evidence_expires_by_age_and_the_chain_knows(recorder, tmp_path):
    """After `keep_days` the files are removed, and verify calls that no loss."""
    recorder.flow(finding(flow_id=1, phase="end"))
    recorder.flush()
    for path in tmp_path.glob("2*"):
        os.utime(path, (recorder.clock(), recorder.clock()))
    recorder.clock.now_s += 9 * DAY_S
    recorder.flush()
    assert len(names(tmp_path, ".json")) == 1
    recorder.clock.now_s += 2 * DAY_S
    recorder.flush()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["chain-000001.jsonl", "chain.lock"]
    check = check_chain(tmp_path, None)
    assert (check.problems, check.notes) == ([], [])


def age(folder, now_s):
    """Gives all evidence in the folder this time."""
    for path in folder.glob("2*"):
        os.utime(path, (now_s, now_s))


@pytest.mark.parametrize("days", [11, 400, -400], ids=str)
@pytest.mark.parametrize("wait_s", [0, 3500])
def test_a_clock_that_jumps_removes_nothing_for_an_hour(recorder, tmp_path, days, wait_s):
    """Whoever set it wrong has time to correct it, and then nothing is lost."""
    recorder.flow(finding(flow_id=1, phase="end"))
    recorder.clock.now_s += DAY_S
    recorder.flush()
    age(tmp_path, recorder.clock() - 9 * DAY_S)
    recorder.clock.step(days * DAY_S)
    recorder.flush()
    recorder.clock.now_s += wait_s
    recorder.flush()
    recorder.clock.step(-days * DAY_S)
    recorder.clock.now_s += 4000
    recorder.flush()
    assert len(names(tmp_path, ".json")) == 1
    assert check_chain(tmp_path, None).problems == []


def test_a_step_of_the_clock_is_logged_once(recorder, tmp_path):
    """With both times, and what follows from it."""
    recorder.flush()
    recorder.clock.step(100 * DAY_S)
    for _ in range(3):
        recorder.clock.now_s += 61
        recorder.flush()
    assert recorder.said == [
        f"{tmp_path}: the system's clock was set from 2026-09-21T14:14:21Z to 2026-12-30T14:14:21Z, or the "
        "machine slept; nothing is removed for its age until the clock has run for an hour without a step"
    ]


def assert_leaves_within_a_minute(recorder, folder):
    """The only finding is still there, and is removed by the next look."""
    assert len(names(folder, ".json")) == 1
    recorder.clock.now_s += 61
    recorder.flush()
    assert names(folder, ".json") == []


@pytest.mark.parametrize("days", [400, -400], ids=str)
def test_a_clock_that_was_set_right_delays_the_removal_by_an_hour(recorder, tmp_path, days):
    """Evidence that is too old by the new time leaves then."""
    recorder.flow(finding(flow_id=1, phase="end"))
    recorder.clock.now_s += DAY_S
    recorder.flush()
    recorder.clock.step(days * DAY_S)
    age(tmp_path, recorder.clock() - 11 * DAY_S)
    recorder.flush()
    recorder.clock.now_s += 3590
    recorder.flush()
    assert_leaves_within_a_minute(recorder, tmp_path)


def test_nothing_expires_in_the_first_hour_of_a_run(recorder, tmp_path):
    """A machine that starts in a wrong year is soon told the right one."""
    recorder.flow(finding(flow_id=1, phase="end"))
    age(tmp_path, recorder.clock() - 11 * DAY_S)
    for _ in range(59):
        recorder.clock.now_s += 60.5
        recorder.flush()
    assert_leaves_within_a_minute(recorder, tmp_path)
    assert recorder.said == []


def test_erasures_reach_the_chain_after_the_clock_was_set_back(recorder, tmp_path):
    """They need not wait for the time that it showed before."""
    recorder.clock.step(400 * DAY_S)
    recorder.flush()
    recorder.clock.step(-400 * DAY_S)
    record_erasure(tmp_path, {"by": "me", "reason": "request 7"})
    recorder.flush()
    assert list(tmp_path.glob("erasure-*")) == []


def test_space_is_made_while_the_clock_is_not_believed(recorder, tmp_path):
    """The bound of the folder needs no clock."""
    for number in range(8):
        recorder.flow(finding(flow_id=number, start_ns=(1_700_000_000 + number) * 10**9, phase="end"))
        with (tmp_path / names(tmp_path, ".json")[-1]).with_suffix(".pcapng").open("ab") as stream:
            stream.write(bytes(300_000))
    recorder.clock.step(400 * DAY_S)
    recorder.flush()
    assert 0 < len(names(tmp_path, ".json")) < 8


def test_evidence_expires_by_size_oldest_first(recorder, tmp_path):
    """The folder stays below `max_mib`."""
    for number in range(8):
        recorder.flow(finding(flow_id=number, start_ns=(1_700_000_000 + number) * 10**9, phase="end"))
        [*_, last] = names(tmp_path, ".json")
        for path in tmp_path.glob(f"{last[:-5]}*"):
            os.utime(path, (recorder.clock() + number, recorder.clock() + number))
        with (tmp_path / last).with_suffix(".pcapng").open("ab") as stream:
            stream.write(bytes(300_000))
            os.utime(stream.fileno(), (recorder.clock() + number, recorder.clock() + number))
    kept = names(tmp_path, ".json")[-3:]
    recorder.clock.now_s += 61
    recorder.flush()
    assert names(tmp_path, ".json") == kept
    removed = [json.loads(line) for line in (tmp_path / "chain-000001.jsonl").read_text().splitlines()]
    assert [len(one["files"]) for one in removed if one["kind"] == "removed"] == [5]
