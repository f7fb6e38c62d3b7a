"""Documents that someone has written anew, with a chain that agrees: verify goes on with the other ones."""

import hashlib
import json

import pytest

from netmon.evidence.chain import START, line_hash
from tests.evidence.test_findings import netmon
from tests.evidence.test_recorder import DEMO
from tests.machine import need


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The evidence of the demo: its files by name."""
    folder = tmp_path_factory.mktemp("original")
    netmon("read", "--country", "DE", "--evidence", folder, DEMO)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(original, tmp_path):
    """A copy of the evidence."""
    for name, data in original.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def forge(folder, change):
    """Changes the first document, and computes the chain again."""
    document = min(folder.glob("2*.json"))
    content = json.loads(document.read_bytes())
    change(content)
    document.write_text(json.dumps(content))
    chain, previous, lines = folder / "chain-000001.jsonl", START, []
    for record in map(json.loads, chain.read_text().splitlines()):
        record["previous"] = previous
        if record.get("file") == document.name:
            record["sha256"] = hashlib.sha256(document.read_bytes()).hexdigest()
        lines.append(json.dumps(record).encode() + b"\n")
        previous = line_hash(lines[-1])
    chain.write_bytes(b"".join(lines))
    return document


FILE = {"file": "/dev/zero", "sha256": "1", "name": "2", "built": "3"}


@pytest.mark.parametrize(
    "change",
    [
        {"packets": 5},
        {"packets": [{}]},
        {"netmon": None},
        {"signatures": 7},
        {"signatures": {"sha256": "0"}},
        {"flow": {}},
        {"flow": None},
        {"judged": []},
        {"judged": {}},
        {"databases": [{}]},
        {"databases": [{**FILE, "file": 5}]},
        {"databases": [{**FILE, "file": "a\0b"}]},
        {"databases": [FILE]},
        {"capture": {"file": "../x", "sha256": "0"}},
        {"configuration": None},
    ],
    ids=str,
)
def test_a_forged_document_is_one_problem(folder, change):
    """Whatever stands in it, and none of its paths is read without end; the others are judged."""
    document = forge(folder, lambda content: content.update(change))
    code, output, problems = netmon("evidence", "verify", folder)
    assert code == 1
    assert document.stem in problems
    assert output.count("the same verdict") == 3


@pytest.mark.parametrize("key", ["packets", "flow", "judged", "signatures", "netmon"])
def test_a_missing_part_is_a_problem(folder, key):
    """With Wireshark's opinion as well, and it is told once."""
    need("tshark")
    document = forge(folder, lambda content: content.pop(key))
    code, output, problems = netmon("evidence", "verify", "--wireshark", folder)
    assert (code, problems.count(f"{document.name}: not the document of a finding")) == (1, 1)
    assert output.count("Wireshark agrees") == 3
