"""The hash of netmon's own files: what it covers, and that it can be calculated without netmon."""

import shutil
import subprocess
from pathlib import Path

import pytest

import netmon.version
from netmon.version import package_sha256
from tests.docs.blocks import ROOT

FOLDER = Path(netmon.version.__file__).parent


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of some of netmon's files, in whose place the hash is calculated."""
    folder = tmp_path / "netmon"
    (folder / "data/signatures").mkdir(parents=True)
    (folder / "__pycache__").mkdir()
    for name in ("version.py", "data/borders.tsv", "data/signatures/kaspersky.yaml"):
        shutil.copy(FOLDER / name, folder / name)
    monkeypatch.setattr(netmon.version, "_FOLDER", folder)
    return folder


def hash_now():
    """The hash, calculated anew."""
    return package_sha256.__wrapped__()


def test_the_documented_command_gives_the_same():
    """An auditor needs no netmon for it, only what stands in the documentation."""
    text = (ROOT / "docs/evidence.md").read_text(encoding="utf-8")
    [command] = [line for line in text.splitlines() if "sha256sum" in line and line.startswith("find ")]
    done = subprocess.run(["sh", "-c", command], cwd=FOLDER, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == hash_now()


@pytest.mark.parametrize("name", ["version.py", "data/borders.tsv"])
def test_a_changed_file_changes_it(copy, name):
    """Programs and data."""
    before = hash_now()
    with (copy / name).open("a") as file:
        file.write("\n")
    assert hash_now() != before


def test_a_new_or_renamed_file_changes_it(copy):
    """Names are part of it."""
    before = hash_now()
    (copy / "version.py").rename(copy / "other.py")
    renamed = hash_now()
    (copy / "empty.py").touch()
    assert len({before, renamed, hash_now()}) == 3


def test_signatures_and_compiled_files_are_left_out(copy):
    """Signatures have a hash of their own, and Python writes compiled files when it likes."""
    before = hash_now()
    (copy / "__pycache__/version.cpython-311.pyc").write_bytes(b"x")
    (copy / "data/signatures/another.yaml").touch()
    assert hash_now() == before


def test_unreadable_files_give_none(copy):
    """Rather than the hash of the others."""
    (copy / "lost.py").symlink_to(copy / "nowhere")
    assert hash_now() is None


def test_the_engine_is_part_of_it():
    """It decides which packets make a flow."""
    assert [name for name in netmon.version._names() if name.endswith(".so")] == ["./_engine.abi3.so"]
