"""Chains and evidence that someone has changed: each change is a problem, and none an error of netmon."""

import gzip
import hashlib
import json
import os

import pytest

from netmon.errors import OutputError
from netmon.evidence.chain import Chain, Head, line_hash, segments
from netmon.evidence.chain_check import check_chain
from tests.evidence.test_chain import BATCHES, Clock, events, records, rewrite, write


@pytest.fixture
def folder(tmp_path):
    """A chain of two runs, with several segments."""
    for batches in (BATCHES[:3], BATCHES[3:]):
        write(tmp_path / "chain", *batches, max_bytes=600)
    return tmp_path / "chain"


@pytest.mark.parametrize("cut", [1, 30, 100])
def test_a_record_that_is_cut_before_another_file(folder, cut):
    """A crash cuts only the end of the last file; what follows is checked all the same."""
    first = segments(folder)[0]
    first.write_bytes(first.read_bytes()[:-cut])
    check = check_chain(folder, None, events(folder))
    assert any("another file of the chain follows" in one for one in check.problems)
    assert check.head.number == len(records(folder))


@pytest.mark.parametrize(
    "changed",
    [
        {"count": "x"},
        {"count": None},
        {"count": True},
        {"count": 0},
        {"first": 5},
        {"kind": "removed", "files": 5},
        {"kind": "removed", "files": [None]},
        {"kind": "evidence", "file": "a\0b", "sha256": "0"},
        {"kind": "evidence", "file": "../../etc/passwd", "sha256": "0"},
        {"kind": "evidence", "file": "20260301T120000Z-acme-0123456789ab.json", "sha256": None},
    ],
)
def test_a_forged_record_is_a_problem(folder, changed):
    """Even one that the rest of the chain agrees with; the check goes on."""
    lines, previous = [], "0" * 64
    for number, line in enumerate(records(folder), 1):
        record = json.loads(line) | {"previous": previous} | (changed if number == 3 else {})
        lines.append(json.dumps(record, separators=(",", ":")).encode() + b"\n")
        previous = line_hash(lines[-1])
    rewrite(folder, lines)
    check = check_chain(folder, None, events(folder))
    assert any("record 3: changed" in one for one in check.problems)
    assert check.head == Head(9, previous)


def test_deep_json_in_place_of_a_record(folder):
    """It is a problem, and not an error of netmon; a chain that ends with it cannot be continued."""
    rewrite(folder, [*records(folder)[:2], b"[" * 100_000 + b"\n"])
    assert check_chain(folder, None).problems
    with pytest.raises(OutputError, match="cannot be continued"):
        write(folder)


def finding(folder, stem="20260301T120000Z-acme-0123456789ab"):
    """A finding of which the chain has a record."""
    files = {}
    for key, ending in (("capture", "pcapng"), ("configuration", "yaml")):
        (folder / f"{stem}.{ending}").write_bytes(key.encode())
        files[key] = {"file": f"{stem}.{ending}", "sha256": hashlib.sha256(key.encode()).hexdigest()}
    document = folder / f"{stem}.json"
    document.write_text(json.dumps(files))
    chain = Chain(folder, print, Clock())
    chain.add("evidence", file=document.name, sha256=hashlib.sha256(document.read_bytes()).hexdigest())
    chain.close()
    return document


@pytest.mark.parametrize("ending", [".json", ".yaml", ".pcapng"])
@pytest.mark.parametrize("kind", ["changed", "removed", "fifo", "deep"])
def test_each_file_of_a_finding_is_checked(folder, ending, kind):
    """The document by the chain, and the others by the document; none of them is waited for."""
    path = finding(folder).with_suffix(ending)
    assert (check_chain(folder, None).problems, len(check_chain(folder, None).files)) == ([], 1)
    path.unlink()
    if kind == "changed":
        path.write_text("other")
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "deep":
        path.write_text("[" * 100_000)
    check = check_chain(folder, None)
    assert len(check.problems) == 1
    assert path.name in check.problems[0]
    assert check.files == []


def test_evidence_without_a_chain_is_a_problem(folder):
    """Whoever removes the chain does not get an all-clear."""
    finding(folder)
    for path in segments(folder):
        path.unlink()
    [problem] = check_chain(folder, None).problems
    assert "there is no chain" in problem


@pytest.mark.parametrize("kind", ["first removed", "first changed", "all removed", "other file"])
def test_the_first_events(folder, kind):
    """Lines of the first batch that are there without its first one are no older file's."""
    lines = [line for batch in BATCHES for line in batch]
    if kind == "first removed":
        del lines[0]
    elif kind == "first changed":
        lines[0] = lines[0].replace("event", "EVENT")
    elif kind == "all removed":
        lines = []
    else:
        lines = ['{"of":"another sensor"}\n'] * 20
    assert check_chain(folder, None, events(folder, [lines])).problems


def test_a_damaged_file_of_events(folder, tmp_path):
    """It is told in one line."""
    path = tmp_path / "events.jsonl.1.gz"
    data = bytearray(gzip.compress(b"".join(os.urandom(50) for _ in range(99))))
    data[40:60] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(OutputError, match=r"events\.jsonl\.1\.gz"):
        check_chain(folder, None, [path])
