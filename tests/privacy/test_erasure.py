"""Events of clients are replaced by tombstones, which keep a hash chain verifiable."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.outputs.events import Events
from netmon.privacy import ADDRESS, Privacy
from netmon.privacy.event_erasure import erase_events, event_files
from netmon.privacy.tombstone import LEAST_LENGTH, erased_hash, hash_of, shows_client, tombstone
from netmon.store.intake import parse_line
from tests.records import ANSWER, QUERY, classified
from tests.store.conftest import OBSERVER, lines_of

CLIENT, OTHER = "192.0.2.17", "192.0.2.18"
THESE = frozenset({CLIENT})


@pytest.fixture
def lines():
    """Events of two clients, in turns."""
    flows = [classified(flow_id=number, client=(CLIENT, OTHER)[number % 2]) for number in range(10)]
    return [f"{line}\n".encode() for line in lines_of(*flows)]


def chained(lines):
    """The hash of all hashes, as a chain over the events has it."""
    return hashlib.sha256("".join(map(hash_of, lines)).encode()).hexdigest()


@given(st.binary(min_size=LEAST_LENGTH, max_size=2000).filter(lambda text: b"\n" not in text))
def test_a_tombstone_has_the_length_and_the_hash_of_the_line(text):
    """Whatever stood there; it is a line of JSON, and says nothing else."""
    line = text + b"\n"
    stone = tombstone(line)
    assert len(stone) == len(line)
    assert stone.endswith(b"\n")
    assert hash_of(stone) == erased_hash(stone) == hashlib.sha256(text).hexdigest()
    assert json.loads(stone) == {"event": {"dataset": "netmon.erased"}, "netmon": {"erased": hash_of(stone)}}
    assert tombstone(stone) == stone


def test_a_short_line_is_no_event():
    """Nothing is written over the next line."""
    with pytest.raises(ValueError, match="too short"):
        tombstone(b"{}\n")


def test_a_tombstone_is_no_event_of_a_store(lines):
    """An import takes it, and stores nothing."""
    assert parse_line(tombstone(lines[0]).decode()) == []


@pytest.mark.parametrize("compressed", [False, True])
def test_only_events_of_the_client_are_erased_and_the_chain_stays(tmp_path, lines, compressed):
    """The other lines are unchanged, in place, and the hash of the chain is the same."""
    file = tmp_path / ("events.jsonl.gz" if compressed else "events.jsonl")
    write, read = (gzip.compress, gzip.decompress) if compressed else (bytes, bytes)
    file.write_bytes(write(b"".join(lines)))
    file.chmod(0o640)
    assert erase_events(file, THESE) == 5
    after = read(file.read_bytes()).splitlines(keepends=True)
    assert [one for one in after if erased_hash(one) is None] == lines[1::2]
    assert CLIENT.encode() not in b"".join(after)
    assert chained(after) == chained(lines)
    assert file.stat().st_mode & 0o777 == 0o640
    assert erase_events(file, THESE) == 0
    assert list(tmp_path.iterdir()) == [file]


def test_a_changed_line_is_noticed_beside_tombstones(lines):
    """A tombstone hides nothing about the others."""
    erased = [tombstone(line) if CLIENT.encode() in line else line for line in lines]
    assert chained(erased) == chained(lines)
    for changed in ([*erased[:1], *erased[2:]], [*erased[1:], erased[0]]):
        assert chained(changed) != chained(lines)


def test_what_the_sensor_appends_meanwhile_stays(tmp_path, lines, monkeypatch):
    """Lines are appended after each tombstone that is written; none is lost or cut."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"".join(lines))
    write = os.pwrite
    late = lines[1]

    def written_meanwhile(descriptor, data, at):
        with file.open("ab") as sensor:
            sensor.write(late)
        return write(descriptor, data, at)

    monkeypatch.setattr(os, "pwrite", written_meanwhile)
    assert erase_events(file, THESE) == 5
    after = file.read_bytes().splitlines(keepends=True)
    assert after[10:] == [late] * 5
    assert chained(after[:10]) == chained(lines)


def test_a_line_that_is_being_written_is_left_alone(tmp_path, lines):
    """The next erasure finds it."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(lines[0] + lines[0][:-1])
    assert erase_events(file, THESE) == 1
    assert file.read_bytes().endswith(lines[0][:-1])


def test_an_interrupted_erasure_of_a_compressed_file_leaves_it(tmp_path, lines):
    """A damaged file is not replaced, and nothing is left beside it."""
    file = tmp_path / "events.jsonl.gz"
    damaged = gzip.compress(b"".join(lines))[:-20]
    file.write_bytes(damaged)
    with pytest.raises(EOFError):
        erase_events(file, THESE)
    assert file.read_bytes() == damaged
    assert list(tmp_path.iterdir()) == [file]


def test_an_erasure_of_a_compressed_file_follows_no_link(tmp_path, lines):
    """Root erases in the sensor's folder: what the sensor's user prepares there leads to no other file."""
    file, victim = tmp_path / "events.jsonl.1.gz", tmp_path / "shadow"
    file.write_bytes(gzip.compress(b"".join(lines)))
    file.chmod(0o640)
    victim.write_text("of another program", encoding="utf-8")
    (tmp_path / f"{file.name}.new").symlink_to(victim)
    assert erase_events(file, THESE) == 5
    assert victim.read_text("utf-8") == "of another program"
    assert file.stat().st_mode & 0o777 == 0o640
    assert len(gzip.decompress(file.read_bytes()).splitlines()) == len(lines)


def test_both_ends_of_a_dns_message_are_looked_at():
    """A client asks, and is answered."""
    for record in (QUERY, ANSWER):
        [line] = lines_of_dns(record)
        assert shows_client(line, THESE)
        assert not shows_client(line, frozenset({OTHER}))


def lines_of_dns(record):
    """The line of a DNS message."""
    stream = io.StringIO()
    Events(stream, Privacy(ADDRESS, bytes(32)), {}, OBSERVER).dns(record)
    return [line.encode() for line in stream.getvalue().splitlines(keepends=True)]


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"{", b"[" * 100_000, b'"ip":"192.0.2.17"', b'{"note":{"ip":"192.0.2.17"}}', b"\xff"]
)
def test_lines_that_are_no_events_are_left_alone(line):
    """Whatever else is in the file."""
    assert not shows_client(line, THESE)


def test_rotated_files_are_found_in_order(tmp_path):
    """Those of netmon and of logrotate, compressed or not; nothing that is being written."""
    names = ["e.20261128T140000Z.gz", "e.20261129T140000Z", "e.1", "e"]
    for name in (*names, "e.20261128T140000Z.gz.new", "other", "else.1"):
        (tmp_path / name).write_text("")
    found = [path.name for path in event_files(tmp_path / "e")]
    assert sorted(found) == sorted(names)
    assert found[-1] == "e"
    assert all(one < other for one, other in pairwise(found[:-1]))
