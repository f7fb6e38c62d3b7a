"""The space of the evidence: bounded at every write, with the files of the chain, which stays verifiable."""

import json

import pytest

from netmon.evidence.chain import Head, segments
from netmon.evidence.chain_check import check_chain
from tests.evidence import test_recorder
from tests.evidence.test_recorder import finding, names

recorder = test_recorder.recorder

MIB = 1 << 20


def used(folder):
    """What all files take on the disk."""
    return sum(path.stat().st_blocks * 512 for path in folder.iterdir())


def write(recorder, numbers):
    """Findings of flows, each with its records in the chain."""
    for number in numbers:
        start_ns = (1_700_000_000 + number) * 10**9
        recorder.flow(finding(flow_id=number, start_ns=start_ns, client_port=number % 60_000, phase="end"))
        recorder.flush()


@pytest.fixture
def full(recorder):
    """A recorder whose folder was filled several times, in the same second; with the most that it took."""
    folder = recorder._folder.path
    recorder.most, recorder.heads = 0, []
    for start in range(0, 1200, 10):
        write(recorder, range(start, start + 10))
        recorder.most = max(recorder.most, used(folder))
        recorder.heads.append(recorder._chain.head)
    return recorder


def test_the_bound_holds_at_every_write(full, tmp_path):
    """No finding lacks its evidence for want of space, and nothing waits for a clock."""
    assert MIB * 0.8 < full.most <= MIB
    assert full.counts() == {"written": 1200, "failed": 0, "without_packets": 1200}
    check = check_chain(tmp_path, None)
    assert check.problems == []
    assert sorted(check.files) == names(tmp_path, ".json")
    assert len(check.files) > 30


def test_findings_that_come_at_once(recorder, tmp_path):
    """Their records wait until the next flush, and have their space as well."""
    for start in range(0, 800, 100):
        for number in range(start, start + 100):
            recorder.flow(finding(flow_id=number, client_port=number, phase="end"))
            assert used(tmp_path) <= MIB
        recorder.flush()
    assert (recorder.written, recorder.failed) == (800, 0)


def test_the_files_of_the_chain_are_pruned_and_it_stays_verifiable(full, tmp_path):
    """What is left follows the record that says what was removed."""
    paths = segments(tmp_path)
    assert paths[0].name != "chain-000001.jsonl"
    assert sum(path.stat().st_blocks * 512 for path in paths) <= MIB // 4 + 32_768
    check = check_chain(tmp_path, full.heads[-1])
    assert check.problems == []
    [note] = [one for one in check.notes if "removed by netmon" in one]
    assert note.startswith(f"the records up to {check.before.number:,} ")
    assert check_chain(tmp_path, check.before).problems == []
    [problem] = check_chain(tmp_path, full.heads[0]).problems
    assert "older than the records that are left" in problem
    [problem] = check_chain(tmp_path, Head(full.heads[-1].number, "0" * 64)).problems
    assert "is not in the chain" in problem


def test_a_file_of_the_chain_that_someone_else_removed(full, tmp_path):
    """Only a record that names its last record excuses that it is missing."""
    paths = segments(tmp_path)
    kept = paths[0].read_bytes()
    paths[0].unlink()
    assert any("not removed by netmon" in one for one in check_chain(tmp_path, None).problems)
    paths[0].write_bytes(kept)
    paths[1].unlink()
    assert check_chain(tmp_path, None).problems


def test_a_damaged_file_of_the_chain_is_not_pruned(full, tmp_path):
    """It stays to be examined, findings are still written, and the bound holds."""
    oldest = segments(tmp_path)[0]
    oldest.write_bytes(b"{}\n" + oldest.read_bytes())
    write(full, range(2000, 2600))
    assert oldest.exists()
    assert any(f"{oldest.name} is damaged" in one for one in full.said)
    assert used(tmp_path) <= MIB
    assert full.failed == 0


def test_erased_events_of_pruned_records_are_still_known(recorder, tmp_path):
    """Their number goes on from record to record."""
    recorder._chain.add("erased", by="me", reason="", events=7, files=[])
    write(recorder, range(1200))
    check = check_chain(tmp_path, None)
    assert segments(tmp_path)[0].name != "chain-000001.jsonl"
    assert (check.problems, check.recorded) == ([], 7)
    pruned = [json.loads(line) for path in segments(tmp_path) for line in path.read_text().splitlines()]
    assert any(one["kind"] == "pruned" for one in pruned)


def test_what_does_not_fit_at_all_is_counted(recorder, tmp_path):
    """It does not break the bound."""
    (tmp_path / "20260101T000000Z-old-0123456789ab.pcapng").write_bytes(bytes(MIB // 2))
    recorder._folder._limit = 8192
    write(recorder, [1])
    assert recorder.counts()["failed"] == 1
    assert "disk quota exceeded" in recorder.said[0].lower()


def test_events_before_a_pruned_chain_are_noted(recorder, tmp_path):
    """They are in no record any more, and nobody added them."""
    for number in range(3000):
        recorder._chain.add_event(f'{{"event":{number}}}')
        recorder._chain._close_batch()
        recorder.flush()
    recorder.clock.now_s += 61
    recorder.flush()
    events = tmp_path.parent / "events.jsonl"
    events.write_text("".join(f'{{"event":{number}}}\n' for number in range(3000)))
    check = check_chain(tmp_path, None, [events])
    assert check.problems == []
    assert check.before.number > 0
    assert 0 < check.confirmed < 3000
    assert any("pruned its chain" in one for one in check.notes)
