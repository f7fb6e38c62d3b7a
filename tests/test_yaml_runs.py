"""Runs of lines are read as the YAML that they are."""

import subprocess
import sys
from pathlib import Path

import pytest

from netmon.errors import SignatureError
from netmon.signatures.load import load_folder
from netmon.yaml_nodes import Document
from netmon.yaml_runs import LEAST_LINES, take_runs
from tests.bench.signatures import write_set

COUNT = 2 * LEAST_LINES
NAME = "n300.large0.example"
LINE = f"{NAME}, status: official, sources:"
LARGE, MOST_MB = 100_000, 300


def changed(folder: Path, old: str, new: str) -> Path:
    """The folder of a large set in which one line is another."""
    write_set(folder, COUNT, COUNT)
    file = folder / "large0.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return file


def rules(folder: Path) -> list[str]:
    """What the rules of a folder say, without their numbers, which follow the order of reading."""
    return sorted(f"{rule.line} {rule} {rule.status} {rule.sources}" for rule in load_folder(folder).rules)


def test_a_run_is_read_as_the_yaml_that_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules are the same without runs, also where other lines are among them."""
    note = "- {suffix: n300.large0.example, status: official, sources: [O1], note: 'other'}"
    file = changed(tmp_path, "- {suffix: n300.large0.example, status: official, sources: [O1]}", note)
    file.write_text(file.read_text().replace("16.1.10.0/24: {}", "16.1.10.0/24: {status: community}"))
    document = Document(file)
    assert len(document.runs) == 2
    with_runs = rules(tmp_path)
    monkeypatch.setattr("netmon.yaml_runs.LEAST_LINES", 10**9)
    assert not Document(file).runs
    assert with_runs == rules(tmp_path)
    assert len(with_runs) == 2 * COUNT


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("n300.large0.example", "n300." + "x" * 64 + ".example", "x" * 64),
        ("suffix: n300.", "family: n300.", "needs exactly one of"),
        (f"{NAME}, status: official", f"{NAME}, status: offical", "'offical' is not"),
        (f"{LINE} [O1]", f"{LINE} [O2]", "unknown source"),
        ("n300.large0.example", "n299.large0.example", "is given twice"),
        ("16.1.10.0/24", "16.1.10.1/24", "16.1.10.1/24"),
        ("16.1.10.0/24", "16.1.9.0/24", "is given twice"),
    ],
)  # fmt: skip
def test_an_error_in_a_run_has_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    """One wrong line among many is reported with file and line, and it alone."""
    file = changed(tmp_path, old, new)
    line = 1 + next(
        at for at, text in enumerate(file.read_text().split("\n")) if new in text and old not in text
    )
    with pytest.raises(SignatureError) as error:
        load_folder(tmp_path)
    lines = str(error.value).splitlines()
    assert len(lines) == 1
    found_line = int(lines[0].removeprefix(f"{file}:").split(":")[0])
    assert found_line - line in (0, 1)  # of two equal ones, the second
    assert message in lines[0]


@pytest.mark.parametrize("before", ["text: |\n", "text: '\n", "list: [\n", "text: >-\n"])
def test_lines_in_a_text_are_no_run(tmp_path: Path, before: str) -> None:
    """What only looks like a list, because it is part of a text, stays what it is."""
    line = "  - {suffix: a.example, status: official, sources: [O1]}"
    file = tmp_path / "file.yaml"
    file.write_text(before + "\n".join([line] * LEAST_LINES) + "\n")
    document = Document(file)
    assert not document.runs
    if before.endswith("|\n"):
        assert document.root is not None
        assert document.root.entries()["text"].text().count("a.example") == LEAST_LINES


def test_line_numbers_behind_a_run_are_kept() -> None:
    """A run takes as many lines in the text that is parsed as in the file."""
    lines = ["names:", *["- {exact: a.b, status: official, sources: [O1]}"] * LEAST_LINES, "other: 1"]
    shorter, runs = take_runs("\n".join(lines))
    assert [run.line for run in runs] == [2]
    assert shorter.split("\n").index("other: 1") == len(lines) - 1


@pytest.mark.slow
def test_a_large_set_needs_little_memory() -> None:
    """100,000 names and as many networks of several vendors take less than 300 MB."""
    words = (sys.executable, "-m", "tests.bench.signatures", str(LARGE), str(LARGE), "4")
    result = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert int(result.split(", ")[1].split()[0]) < MOST_MB
