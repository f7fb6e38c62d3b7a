"""The recorder: when evidence is written, what it costs the sensor if it cannot be, and how long it stays."""

import errno
import hashlib
import json
import os
import sqlite3
import stat
from contextlib import closing

import pytest
from msgspec.structs import replace

from netmon import wiring
from netmon.cli.app import app
from netmon.config.load import load
from netmon.config.settings import Config, EvidenceFiles
from netmon.errors import OutputError
from netmon.evidence.chain import Chain
from netmon.evidence.chain_check import check_chain
from netmon.evidence.document import Writer
from netmon.evidence.erasure_record import record_erasure
from netmon.evidence.folder import EvidenceFolder
from netmon.evidence.recorder import Recorder
from netmon.outputs.run_events import describe_conditions
from netmon.places.databases import Databases
from netmon.privacy import ADDRESS, Privacy
from netmon.privacy.event_erasure import erase_events
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource
from tests.craft import golden, golden_names
from tests.evidence.test_chain import Clock
from tests.evidence.test_findings import RUNNER, netmon
from tests.machine import ROOT
from tests.places.mmdb import nested, write_database
from tests.records import UNEXPECTED, classified, flow
from tests.test_golden import SIGNATURES

DAY_S = 86_400
DEMO = ROOT / "netmon" / "data" / "demo.pcap"


class Kept:
    """Packets of the engine: none. Notes what is asked for and released."""

    def __init__(self):
        self.asked, self.released = [], []

    def of(self, flow_id):
        """None."""
        self.asked.append(flow_id)
        return []

    def release(self, flow_ids):
        """Notes them."""
        self.released += flow_ids


@pytest.fixture
def recorder(tmp_path):
    """A recorder into `tmp_path`, with its clock, what it logs and what it asks for."""
    config = Config(signatures=SIGNATURES, evidence=EvidenceFiles(tmp_path, max_mib=1, keep_days=10))
    clock, said, kept = Clock(), [], Kept()
    folder = EvidenceFolder(tmp_path, config.evidence)
    writer = Writer(config, Privacy(ADDRESS, bytes(32)), wiring.load_signatures(config))
    chain = Chain(tmp_path, said.append, clock, folder.segment_bytes)
    made = Recorder(folder, chain, writer, kept, Databases(), said.append, clock, clock.monotonic)
    made.clock, made.said, made.asked, made.released = clock, said, kept.asked, kept.released
    yield made
    chain.close()


def finding(**fields):
    """A finding of a flow with these fields."""
    return replace(classified(), flow=flow(**fields), verdict=UNEXPECTED)


def names(folder, ending):
    return sorted(path.name for path in folder.glob(f"*{ending}"))


def test_only_findings_are_written_and_others_are_released_when_they_end(recorder, tmp_path):
    """The engine is asked for the packets of findings, and told which flows are none."""
    recorder.flow(replace(classified(), flow=flow(flow_id=1, phase="update")))
    recorder.flow(replace(classified(), flow=flow(flow_id=2, phase="end")))
    recorder.flow(finding(flow_id=3, phase="end"))
    recorder.flush()
    assert (recorder.asked, recorder.released) == ([3], [2])
    assert len(names(tmp_path, ".json")) == 1


def test_a_live_flow_is_written_once_and_again_if_it_is_judged_otherwise(recorder, tmp_path):
    """An update or the end with the same result writes nothing; another name or verdict does."""
    for phase in ("open", "update", "end"):
        recorder.flow(finding(flow_id=1, phase=phase))
    assert recorder.asked == [1]
    recorder.flow(finding(flow_id=2, phase="open"))
    recorder.flow(finding(flow_id=2, phase="update", name="other.example"))
    recorder.flow(replace(finding(flow_id=2, phase="end"), place=None))
    assert recorder.asked == [1, 2, 2, 2]
    assert len(names(tmp_path, ".json")) == 4


def test_a_connection_that_went_on_has_the_packets_of_its_beginning(recorder):
    """The hello was in the flow before the silence."""
    recorder.flow(finding(flow_id=7, continues=3, phase="end"))
    assert sorted(recorder.asked) == [3, 7]


def test_a_finding_without_packets_is_counted_and_says_so(recorder, tmp_path):
    """Packets that were evicted leave a document that cannot be judged again."""
    recorder.flow(finding(flow_id=1, phase="end"))
    recorder.flush()
    assert recorder.counts() == {"written": 1, "failed": 0, "without_packets": 1}
    code, _, problems = netmon("evidence", "verify", tmp_path)
    assert code == 1
    assert "no packets: they were evicted" in problems


@pytest.mark.parametrize("later", [None, b"cut"])
def test_a_finding_names_the_build_of_a_database_that_decided(recorder, tmp_path, later):
    """Its hash is right, and the finding is written, when the file has been replaced or removed since."""
    path = write_database(tmp_path / "mmdb" / "one.mmdb", {"192.0.2.0/24": nested("CH")})
    used = hashlib.sha256(path.read_bytes()).hexdigest()
    databases = Databases([path], required=True)
    databases.refresh()
    recorder._databases = databases
    path.unlink()
    if later is not None:
        path.write_bytes(later)
    databases.refresh()
    recorder.flow(finding(phase="end"))
    [document] = tmp_path.glob("*.json")
    assert [one["sha256"] for one in json.loads(document.read_text())["databases"]] == [used]
    conditions = describe_conditions(Config(), recorder.writer.signatures, databases.current, ADDRESS)
    assert [one["sha256"] for one in conditions["databases"]] == [used]


def test_files_are_private(recorder, tmp_path):
    """Only the owner can read what is written, whatever the umask."""
    before = os.umask(0)
    try:
        recorder.flow(finding(flow_id=1, phase="end"))
        folder = EvidenceFolder(tmp_path / "new", EvidenceFiles())
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert len(files) == 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_folder_that_cannot_be_written_stops_nothing(recorder, tmp_path, monkeypatch):
    """Findings are counted and one line is logged, until it can be written again."""
    real = os.open

    def refuse(path, flags, *more, **others):
        if str(path).endswith(".new"):
            raise OSError(28, "No space left on device")
        return real(path, flags, *more, **others)

    monkeypatch.setattr(os, "open", refuse)
    for number in range(3):
        recorder.flow(finding(flow_id=number, client_port=1000 + number, phase="end"))
        recorder.flush()
    assert recorder.said == [
        f"{tmp_path}: no space left on device; findings have no evidence until it can be written"
    ]
    monkeypatch.setattr(os, "open", real)
    recorder.flow(finding(flow_id=9, phase="end"))
    assert recorder.said[1:] == [f"{tmp_path}: can be written again; 3 findings have no evidence"]
    assert recorder.counts() == {"written": 1, "failed": 3, "without_packets": 4}
    recorder.flush()
    assert check_chain(tmp_path, None).problems == []


def test_a_folder_that_cannot_be_made_is_an_error_at_the_start(tmp_path):
    """It is reported in one line."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="name a folder for the evidence"):
        EvidenceFolder(tmp_path / "file", EvidenceFiles())


def test_a_finding_that_cannot_be_written_leaves_nothing(recorder, tmp_path, monkeypatch):
    """Packets without a document are nobody's, so that no erasure would find them."""
    write = recorder._folder.write

    def full(name, data):
        if name.endswith(".json"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(name, data)

    monkeypatch.setattr(recorder._folder, "write", full)
    recorder.flow(finding(flow_id=1, phase="end"))
    assert (recorder.failed, list(tmp_path.glob("2*"))) == (1, [])


def test_a_damaged_file_of_the_chain_is_logged_once(recorder, tmp_path):
    """It stays, and findings have their evidence all the same: nothing is written again."""
    (tmp_path / "chain-000000.jsonl").write_bytes(bytes(300_000))
    for number in range(3):
        recorder.clock.now_s += 61
        recorder.flow(finding(flow_id=number, start_ns=number, phase="end"))
        recorder.flush()
    assert recorder.said == [f"{tmp_path}: old evidence cannot be removed: chain-000000.jsonl is damaged"]


def test_removed_by_someone_else(recorder, tmp_path):
    """A document, a capture or a configuration that someone removed or changed is named."""
    recorder.flow(finding(flow_id=1, phase="end"))
    recorder.flush()
    [document] = tmp_path.glob("*.json")
    original = document.read_bytes()
    document.write_bytes(original.replace(b"unexpected", b"expected"))
    assert "changed" in check_chain(tmp_path, None).problems[0]
    document.unlink()
    assert check_chain(tmp_path, None).problems == [f"{document.name}: removed, and not by netmon"]
    document.write_bytes(original)
    (tmp_path / "20260101T000000Z-forged-0123456789ab.json").write_text("{}")
    [note] = check_chain(tmp_path, None).notes
    assert "not in the chain" in note


@pytest.mark.parametrize("ending", [".pcapng", ".yaml"])
def test_a_changed_capture_or_configuration(tmp_path, ending):
    """Each file of a finding is covered by the chain, through the document."""
    netmon("read", "--country", "DE", "--evidence", tmp_path, DEMO)
    file = sorted(tmp_path.glob(f"*{ending}"))[0]
    file.write_bytes(file.read_bytes().replace(b"DE", b"CH").replace(b"netmon", b"netmom"))
    code, _, problems = netmon("evidence", "verify", tmp_path)
    assert code == 1
    assert f"{file.name}: changed" in problems
    file.unlink()
    assert f"{file.name}: removed, and not by netmon" in netmon("evidence", "verify", tmp_path)[2]


def test_erased_findings_and_events(tmp_path):
    """What was erased is gone, and neither a finding without its hash nor an event is missed."""
    folder, events = tmp_path / "e", tmp_path / "events.jsonl"
    words = ("--country", "DE", "--evidence", folder, "--privacy", "1", DEMO)
    events.write_text(netmon("read", "--json", *words)[1])
    first, *rest = sorted(folder.glob("*.json"))
    client = json.loads(first.read_text())["client"]
    assert netmon("evidence", "erase", first)[0] == netmon("evidence", "erase", first)[0] == 0
    assert names(folder, f"{first.stem}.pcapng") == []
    assert client not in first.read_text()
    count = erase_events(events, frozenset({client}))
    assert count > 0
    assert netmon("evidence", "verify", folder, "--events", events)[0] == 1  # tombstones without a record
    record_erasure(folder, {"by": "me", "reason": "request 7", "events": count})
    code, output, problems = netmon("evidence", "verify", folder, "--events", events)
    assert code == 0
    assert f"{first.name}: erased" in problems
    assert f"{count} events were erased" in problems
    assert output.count("the same verdict") == len(rest)
    first.write_text('{"erased": "0000"}')
    assert netmon("evidence", "verify", folder)[0] == 1


def test_what_was_erased_before_an_error_is_in_the_chain(tmp_path):
    """Else it would look as if someone had made the tombstone."""
    netmon("read", "--country", "DE", "--evidence", tmp_path, DEMO)
    first = min(tmp_path.glob("*.json"))
    missing = f"{first.stem[:-12]}{'0' * 12}.json"
    assert RUNNER.invoke(app, ["evidence", "erase", str(first), str(tmp_path / missing)]).exit_code == 1
    assert netmon("evidence", "verify", "--chain-only", tmp_path)[0] == 0


def test_the_same_capture_twice_is_one_finding(tmp_path):
    """Reading a file again adds no evidence, and no difference."""
    for _ in range(2):
        netmon("read", "--country", "DE", "--evidence", tmp_path, DEMO)
    assert len(names(tmp_path, ".json")) == 4
    assert netmon("evidence", "verify", tmp_path)[0] == 0


def test_a_head_in_a_file_or_as_text(tmp_path):
    """What `head` shows is accepted by `verify`, also inside a signed file; anything else is an error."""
    netmon("read", "--country", "DE", "--evidence", tmp_path / "e", DEMO)
    head = netmon("evidence", "head", tmp_path / "e")[1].strip()
    (tmp_path / "head.txt").write_text(f"{head}\n")
    for given in (head, tmp_path / "head.txt"):
        assert netmon("evidence", "verify", tmp_path / "e", "--chain-only", "--head", given)[0] == 0
    code, _, problems = netmon("evidence", "verify", tmp_path / "e", "--chain-only", "--head", f"9{head}")
    assert (code, "is not in the chain" in problems) == (1, True)
    with pytest.raises(OutputError, match="there is no chain"):
        RUNNER.invoke(app, ["evidence", "head", str(tmp_path)], catch_exceptions=False)


def test_without_evidence_the_engine_keeps_nothing():
    """The default costs no memory."""
    config = replace(load(golden.config(golden_names.three_places)), signatures=SIGNATURES)
    source = FileSource(
        [str(golden.FOLDER / "three_places" / golden.input_name(golden_names.three_places))],
        compile_matcher(wiring.load_signatures(config)),
        limits=config.engine_keywords(),
    )
    flows = [one for batch in source.batches() for one in batch.flows]
    assert flows
    assert all(source.kept.of(one.flow_id) == [] for one in flows)


def test_the_store_knows_the_evidence_of_a_flow(tmp_path):
    """With a store, each finding is in it with the file and the hash of its document."""
    words = ("--country", "DE", "--evidence", tmp_path / "e", "--store", tmp_path / "s.db", DEMO)
    for _ in range(2):
        netmon("read", *words)
    with closing(sqlite3.connect(tmp_path / "s.db")) as database:
        rows = database.execute("SELECT file, sha256 FROM evidence ORDER BY file").fetchall()
    files = sorted((tmp_path / "e").glob("*.json"))
    assert rows == [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]
