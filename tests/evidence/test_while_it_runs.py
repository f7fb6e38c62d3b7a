"""Evidence that is checked or erased while a sensor writes and removes it, in a folder of another user."""

import json
import os
import re
import time

import pytest

from netmon.config.settings import Config, EvidenceFiles
from netmon.errors import OutputError
from netmon.evidence import chain_check, reproduction
from netmon.evidence.assembly import opened_evidence
from netmon.evidence.chain import Chain
from netmon.evidence.chain_check import check_chain
from netmon.evidence.erasure import erase, erased_document
from netmon.evidence.folder import ENDINGS
from netmon.evidence.of_clients import documents_of
from netmon.privacy import ADDRESS, Privacy
from netmon.version import package_sha256
from tests.evidence.test_chain import Clock, write
from tests.evidence.test_findings import netmon
from tests.evidence.test_forged_chain import finding as recorded
from tests.evidence.test_recorder import DAY_S, DEMO, finding, names, recorder  # noqa: F401


def removed_records(folder):
    """The records of what netmon has removed."""
    lines = (folder / "chain-000001.jsonl").read_text().splitlines()
    return [one["files"] for one in map(json.loads, lines) if one["kind"] == "removed"]


def expire(recorder):  # noqa: F811
    """Lets two findings expire."""
    for number in (1, 2):
        recorder.flow(finding(flow_id=number, client_port=50_000 + number, phase="end"))
    recorder.flush()
    recorder.clock.now_s = time.time() + 11 * DAY_S
    recorder.flush()


def test_the_chain_has_a_removal_before_the_files_are_gone(recorder, tmp_path, monkeypatch):  # noqa: F811
    """So that a check between the two finds no loss."""
    seen = []
    remove = recorder._folder.remove
    monkeypatch.setattr(
        recorder._folder, "remove", lambda stem: (seen.append(removed_records(tmp_path)), remove(stem))
    )
    expire(recorder)
    assert [len(files) for [files] in seen] == [2, 2]
    assert names(tmp_path, ".json") == []


def test_a_removal_that_fails_is_recorded_once(recorder, tmp_path, monkeypatch):  # noqa: F811
    """However often it is tried again."""

    def fail(_stem):
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(recorder._folder, "remove", fail)
        expire(recorder)
        for _ in range(5):
            recorder.clock.now_s += 61
            recorder.flush()
    assert len(removed_records(tmp_path)) == 1
    recorder.clock.now_s += 61
    recorder.flush()
    assert (names(tmp_path, ".json"), len(removed_records(tmp_path))) == ([], 1)
    assert check_chain(tmp_path, None).problems == []


@pytest.mark.parametrize("when", ["_find_change", "_find_changes_beside"])
def test_what_expires_during_a_check_is_no_loss(tmp_path, monkeypatch, when):
    """The chain was read before, and is read again when a file is missing."""
    write(tmp_path)
    document = recorded(tmp_path)
    check = getattr(chain_check, when)

    def late(path, *rest):
        if document.exists():
            chain = Chain(tmp_path, print, Clock())
            chain.add("removed", files=[document.name], why="retention")
            chain.close()
            for ending in ENDINGS:
                document.with_suffix(ending).unlink()
        return check(path, *rest)

    monkeypatch.setattr(chain_check, when, late)
    found = check_chain(tmp_path, None)
    assert found.problems == []
    assert f"{document.name}: removed by netmon meanwhile" in found.notes


def test_another_netmon_is_named(tmp_path, monkeypatch):
    """That it gives the same verdict is not that it is the same program."""
    netmon("read", "--country", "DE", "--evidence", tmp_path, DEMO)
    assert "another netmon" not in netmon("evidence", "verify", tmp_path)[2]
    monkeypatch.setattr(reproduction, "package_sha256", lambda: "0" * 64)
    code, output, problems = netmon("evidence", "verify", tmp_path)
    assert (code, output.count("the same verdict")) == (0, 4)
    assert re.search(rf"note: 4 findings decided by another netmon: \S+, sha256 {package_sha256()}", problems)


def test_an_empty_folder_is_no_all_clear(tmp_path):
    """An auditor who names a wrong folder is told."""
    code, output, problems = netmon("evidence", "verify", tmp_path)
    assert code == 1
    assert "there is no chain, and no evidence" in problems
    assert "no problem found" not in output


def test_findings_that_were_added_are_counted_at_the_end(tmp_path):
    """They are no problem, because a crash leaves such, but neither are they checked."""
    write(tmp_path)
    document = recorded(tmp_path)
    for ending in ENDINGS:
        added = tmp_path / f"20260301T120000Z-acme-ffffffffffff{ending}"
        added.write_bytes(document.with_suffix(ending).read_bytes())
    code, output, _ = netmon("evidence", "verify", "--chain-only", tmp_path)
    assert code == 0
    assert output.endswith("no problem found; 1 finding not in the chain, and not judged again\n")


def test_a_chain_that_is_no_file_is_told_at_once(tmp_path):
    """Nothing waits for a writer of a pipe."""
    write(tmp_path)
    os.mkfifo(tmp_path / "chain-000002.jsonl")
    with pytest.raises(OutputError, match=r"chain-000002\.jsonl: no regular file"):
        check_chain(tmp_path, None)


def test_a_huge_document_is_not_read_into_memory(tmp_path):
    """It is hashed, and no document that was erased is so large."""
    huge = tmp_path / "20260301T120000Z-acme-0123456789ab.json"
    huge.touch()
    os.truncate(huge, 1 << 42)
    assert erased_document(huge) is None
    assert list(documents_of(tmp_path, frozenset({"192.0.2.1"}))) == []


@pytest.mark.parametrize(
    "name",
    ["notes.json", "20260301T120000Z-acme-0123456789ab.pcapng", "erasure-00000000000000000001.json", "a.db"],
)
def test_only_documents_are_erased(tmp_path, name):
    """A wrong path does not cost the content of another file."""
    (tmp_path / name).write_text("kept")
    with pytest.raises(OutputError, match="not the document of a finding"):
        erase(tmp_path / name)
    assert (tmp_path / name).read_text() == "kept"


def test_a_link_is_not_erased(tmp_path):
    """Root erases in a folder in which another user can make links."""
    (tmp_path / "passwd").write_text("kept")
    link = tmp_path / "20260301T120000Z-acme-0123456789ab.json"
    link.symlink_to(tmp_path / "passwd")
    with pytest.raises(OutputError):
        erase(link)
    assert (tmp_path / "passwd").read_text() == "kept"


def test_a_pipe_is_not_waited_for(tmp_path):
    """Neither when it is erased, nor when the findings of a client are looked for."""
    pipe = tmp_path / "20260301T120000Z-acme-0123456789ab.json"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="no regular file"):
        erase(pipe)
    assert list(documents_of(tmp_path, frozenset({"192.0.2.1"}))) == []


def test_the_chain_begins_with_the_run(tmp_path):
    """Before any finding, so that a disk that is full later does not look like a chain that was removed."""
    config = Config(evidence=EvidenceFiles(tmp_path))
    with opened_evidence(config, Privacy(ADDRESS, bytes(32)), print):
        assert check_chain(tmp_path, None).head.number == 1
