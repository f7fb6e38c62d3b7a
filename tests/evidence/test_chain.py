"""The chain: removals, changes, another order and cut ends are noticed; crashes, full disks are survived."""

import gzip
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest

from netmon.errors import OutputError
from netmon.evidence.chain import Chain, Head, segments
from netmon.evidence.chain_check import check_chain

WHEN_S = 1_790_000_000.0


class Clock:
    """A clock that a test advances with `now_s`, or sets."""

    def __init__(self):
        self.now_s = WHEN_S
        self._set_by_s = 0

    def __call__(self):
        """The time."""
        return self.now_s

    def monotonic(self):
        """The time of a clock that nobody sets."""
        return self.now_s - self._set_by_s

    def step(self, seconds):
        """Someone sets the clock."""
        self.now_s += seconds
        self._set_by_s += seconds


def write(folder, *batches, max_bytes=1 << 20, log=print):
    """A run of netmon: each batch of lines is written to the chain as one."""
    folder.mkdir(exist_ok=True)
    chain = Chain(folder, log, Clock(), max_bytes)
    chain.add("begin")
    for lines in batches:
        for line in lines:
            chain.add_event(line)
        chain.flush(is_last=True)
    chain.close()
    return chain.head


def records(folder):
    """All lines of the chain."""
    return [line for path in segments(folder) for line in path.read_bytes().splitlines(keepends=True)]


def rewrite(folder, lines):
    """Replaces the chain."""
    for path in segments(folder)[1:]:
        path.unlink()
    segments(folder)[0].write_bytes(b"".join(lines))


BATCHES = [[f'{{"event":{number},"part":{part}}}\n' for part in range(3)] for number in range(5)]


@pytest.fixture
def folder(tmp_path):
    """A chain of two runs, with several segments."""
    write(tmp_path / "chain", *BATCHES[:3], max_bytes=600)
    write(tmp_path / "chain", *BATCHES[3:], max_bytes=600)
    return tmp_path / "chain"


@pytest.fixture
def head(folder):
    """Its head."""
    return check_chain(folder, None).head


def events(folder, batches=BATCHES):
    """The file of the events."""
    path = folder.parent / "events.jsonl"
    path.write_text("".join(line for lines in batches for line in lines), encoding="utf-8")
    return [path]


def test_an_intact_chain_over_runs_and_segments(folder, head):
    """Nothing is wrong with it, and the head is that of the last record."""
    assert len(segments(folder)) > 2
    check = check_chain(folder, head, events(folder))
    assert (check.problems, check.notes) == ([], [])
    assert (check.events, check.confirmed) == (15, 15)
    assert head.number == len(records(folder))


def test_any_older_head_is_in_the_chain(folder):
    """A head that was kept stays valid when the chain grows."""
    lines = records(folder)
    for number, line in enumerate(lines[1:], 1):
        previous = json.loads(line)["previous"]
        assert check_chain(folder, Head(number, previous)).problems == []


@pytest.mark.parametrize("at", range(9))
def test_a_removed_record(folder, at):
    """A record that is missing anywhere but at the end is noticed."""
    lines = records(folder)
    assert len(lines) == 9
    rewrite(folder, lines[:at] + lines[at + 1 :])
    assert bool(check_chain(folder, None).problems) == (at < 8)


@pytest.mark.parametrize("at", range(9))
def test_a_changed_record(folder, head, at):
    """A record that was changed is noticed by the next one, and the last one by the head."""
    lines = records(folder)
    lines[at] = re.sub(rb'"time":"2', b'"time":"3', lines[at])
    rewrite(folder, lines)
    assert check_chain(folder, head).problems
    assert bool(check_chain(folder, None).problems) == (at < 8)


@pytest.mark.parametrize("at", range(8))
def test_reordered_records(folder, at):
    """Two records in the other order are noticed, also if their numbers are exchanged as well."""
    lines = records(folder)
    lines[at : at + 2] = lines[at + 1], lines[at]
    rewrite(folder, lines)
    assert check_chain(folder, None).problems
    lines[at] = re.sub(rb'"n":\d+', b'"n":%d' % (at + 1), lines[at])
    lines[at + 1] = re.sub(rb'"n":\d+', b'"n":%d' % (at + 2), lines[at + 1])
    rewrite(folder, lines)
    assert check_chain(folder, None).problems


@pytest.mark.parametrize("left", range(9))
def test_truncation_needs_a_head(folder, head, left):
    """Records that were cut off at the end are noticed with a head that was kept, and only with it."""
    rewrite(folder, records(folder)[:left])
    assert check_chain(folder, None).problems == ([] if left else ["there is no chain, and no evidence"])
    problem = check_chain(folder, head).problems[0]
    assert problem.startswith(f"the head {head} is not in the chain")


def test_a_chain_that_was_written_anew_needs_a_head(folder, head, tmp_path):
    """A chain that someone computed again is consistent; only the head shows that it is another one."""
    write(tmp_path / "other", *BATCHES[:4])
    assert check_chain(tmp_path / "other", None).problems == []
    assert check_chain(tmp_path / "other", head).problems


@pytest.mark.parametrize("junk", [b"", b"\n", b"{}\n", b"[1]\n", b"\xff\xfe\n", b'{"n":"x"}\n', b'{"n":3}\n'])
def test_lines_that_are_no_records(folder, junk):
    """Anything in place of a record is a problem, and not an error of netmon."""
    lines = records(folder)
    rewrite(folder, [*lines[:2], junk, *lines[3:]])
    assert check_chain(folder, None).problems


def change(batches, kind):
    """Lines of events after something was done to one in the middle."""
    lines = [line for batch in batches for line in batch]
    at = 7
    if kind == "removed":
        del lines[at]
    elif kind == "changed":
        lines[at] = lines[at].replace("event", "EVENT")
    elif kind == "added":
        lines.insert(at, '{"event":"forged"}\n')
    elif kind == "reordered":
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
    elif kind == "repeated":
        lines.insert(at, lines[at])
    elif kind == "batches reordered":
        lines[3:6], lines[6:9] = lines[6:9], lines[3:6]
    elif kind == "batch removed":
        del lines[6:9]
    return [lines]


KINDS = ("removed", "changed", "added", "reordered", "repeated", "batches reordered", "batch removed")


@pytest.mark.parametrize("kind", KINDS)
def test_events(folder, kind):
    """Whatever is done to events in the middle is noticed, and all other batches are confirmed."""
    check = check_chain(folder, None, events(folder, change(BATCHES, kind)))
    assert len(check.problems) == (2 if kind == "batches reordered" else 1)
    assert 9 <= check.confirmed <= 12
    assert check.notes == []


def test_events_in_rotated_and_compressed_files(folder, tmp_path):
    """Rotation cuts the events anywhere; the files are given in order."""
    lines = [line for batch in BATCHES for line in batch]
    old, new = tmp_path / "events.jsonl.20260101T000000Z.gz", tmp_path / "events.jsonl"
    old.write_bytes(gzip.compress("".join(lines[:7]).encode()))
    new.write_text("".join(lines[7:]))
    assert check_chain(folder, None, [old, new]).confirmed == 15
    check = check_chain(folder, None, [new])
    assert (check.confirmed, len(check.notes), len(check.problems)) == (6, 4, 0)
    assert check_chain(folder, None, [new, old]).problems


def test_a_crash_in_the_middle_of_a_record(folder):
    """The cut record is removed at the next start, which says so; the chain goes on."""
    last = segments(folder)[-1]
    for cut in (1, 40, 100):
        last.write_bytes(last.read_bytes() + records(folder)[-1][:cut])
        assert check_chain(folder, None).problems == []
        said = []
        write(folder, max_bytes=10**6, log=said.append)
        assert len(said) == 1
        check = check_chain(folder, None)
        assert check.problems == []
        assert "cut by a crash" in check.notes[-1]


def test_a_crash_before_the_first_record_of_a_segment(folder):
    """An empty segment, or one with a cut record only, continues the one before."""
    for number, data in ((50, b""), (51, b'{"n":')):
        (folder / f"chain-{number:06}.jsonl").write_bytes(data)
        write(folder)
        assert check_chain(folder, None).problems == []


def test_only_one_netmon_at_a_time(folder):
    """A second one is refused in one line."""
    first = Chain(folder, print, Clock())
    child = (
        "import sys; from pathlib import Path; from netmon.evidence.chain import Chain;"
        " Chain(Path(sys.argv[1]), print, float)"
    )
    done = subprocess.run([sys.executable, "-c", child, folder], capture_output=True, text=True, check=False)
    assert "in use by another netmon" in done.stderr
    first.close()


def test_a_chain_that_cannot_be_continued(tmp_path):
    """An end that is no record is not overwritten."""
    (tmp_path / "chain-000001.jsonl").write_text("something else\n")
    with pytest.raises(OutputError, match="cannot be continued"):
        Chain(tmp_path, print, Clock())
    assert (tmp_path / "chain-000001.jsonl").read_text() == "something else\n"


def test_a_full_disk(tmp_path, monkeypatch):
    """Records wait, one line is logged, and they are written in order when there is room again."""
    said = []
    chain = Chain(tmp_path, said.append, Clock())
    chain.add("begin")
    chain.flush()
    write_bytes = os.write

    def fill(descriptor, data):
        write_bytes(descriptor, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", fill)
    for number in range(3):
        chain.add("evidence", file=f"{number}.json", sha256="0")
        chain.flush()
    assert len(said) == 1
    assert check_chain(tmp_path, None).head.number == 1
    monkeypatch.setattr(os, "write", write_bytes)
    chain.close()
    assert len(said) == 2
    assert [json.loads(line)["kind"] for line in records(tmp_path)] == ["begin", *["evidence"] * 3, "end"]
    assert [json.loads(line).get("file") for line in records(tmp_path)][1:4] == ["0.json", "1.json", "2.json"]


def test_a_disk_that_stays_full(tmp_path, monkeypatch):
    """What could not be written until the end is told, and what was, can be checked."""
    said = []
    chain = Chain(tmp_path, said.append, Clock())
    chain.add("begin")
    chain.flush()

    def fail(_descriptor, _data):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", fail)
        chain.add("evidence", file="1.json", sha256="0")
        chain.close()
    assert said[-1] == f"{tmp_path}: 2 records of the chain could not be written, and are lost"
    assert check_chain(tmp_path, None).head.number == 1


def test_too_many_records_for_memory(tmp_path, monkeypatch):
    """What cannot wait is lost, counted, and recorded as lost."""
    monkeypatch.setattr("netmon.evidence.chain._MAX_PENDING", 5)
    chain = Chain(tmp_path, lambda _line: None, Clock())
    write_bytes = os.write
    monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    for _ in range(9):
        chain.add("begin")
        chain.flush()
    assert chain.lost == 4
    monkeypatch.setattr(os, "write", write_bytes)
    chain.close()
    check = check_chain(tmp_path, None)
    assert check.problems == []
    assert "the disk was full" in check.notes[0]


def test_events_are_collected_for_a_few_seconds(tmp_path):
    """Not every batch of events makes a record."""
    clock = Clock()
    chain = Chain(tmp_path, print, clock)
    for _ in range(40):
        chain.add_event("{}\n")
        chain.flush()
        clock.now_s += 0.5
    chain.close()
    counts = [json.loads(line).get("count") for line in records(tmp_path)]
    assert sum(filter(None, counts)) == 40
    assert 3 <= len(counts) <= 6


def test_events_are_collected_no_longer_after_the_clock_was_set_back(tmp_path):
    """They would wait in memory until the clock has caught up, and a crash would take them with it."""
    clock = Clock()
    chain = Chain(tmp_path, print, clock)
    clock.now_s -= 86_400
    chain.add_event("{}\n")
    chain.flush()
    assert [json.loads(line)["count"] for line in records(tmp_path)] == [1]
    chain.close()


KILLED = """
import sys, time
from pathlib import Path
from netmon.evidence.chain import Chain
chain = Chain(Path(sys.argv[1]), print, time.time, 4000)
print("ready", flush=True)
number = 0
while True:
    number += 1
    chain.add("evidence", file=f"20261128T000000Z-acme-{number:012x}.json", sha256="0" * 64)
    chain.flush()
    print(number, flush=True)
"""


@pytest.mark.slow
def test_kill_9_at_random_moments(tmp_path):
    """After each of 30 crashes the chain is intact, and holds every record that was reported as written."""
    draw, reported = random.Random(7), 0
    for _ in range(30):
        command = [sys.executable, "-c", KILLED, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            while process.stdout.readline() not in ("ready\n", ""):
                pass
            time.sleep(draw.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            reported += sum(line.strip().isdigit() and line.endswith("\n") for line in process.stdout)
    check = check_chain(tmp_path, None)
    assert [one for one in check.problems if "removed, and not by netmon" not in one] == []
    assert reported > 30
    assert (
        sum(json.loads(line)["kind"] == "evidence" for line in records(tmp_path) if line.endswith(b"\n"))
        >= reported
    )
