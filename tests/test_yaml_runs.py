"""Runs of lines are read as the YAML that they are."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from netmon.errors import SignatureError
from netmon.signatures.load import load_folder
from netmon.yaml_nodes import Document
from netmon.yaml_runs import LEAST_LINES, pairs, plain, take_runs
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


ODD = (
    "- {suffix: n300.large0.example, status: official, sources: [O1], note: null}",
    "- {suffix: n300.large0.example, status: official, sources: [O1], note: ''}",
    "- {suffix: n300.large0.example, status: official, sources: [O1], status: official}",
    "- {suffix: [n300.large0.example], status: official, sources: [O1]}",
    "- {suffix: null, status: official, sources: [O1]}",
    "- {suffix: 'n300.large0.example', exact: n301.large0.example, status: official, sources: [O1]}",
    "- {status: official, sources: [O1]}",
    "- {suffix: large0, status: official, sources: [O1]}",
    "- {suffix: n300.large0.example, status: official, sources: O1}",
    "- {suffix: n300.large0.example, status: official, sources: [O1, O1]}",
    "- {suffix: n300.large0.example, status: official, sources: {O1: O1}}",
    r"- {pattern: '^n[0-9]+\.large0\.example$', status: official, sources: [O1]}",
    "- {suffix: N300.Large0.example, status: official, sources: [O1], note: 'it''s', colour: red}",
    "- {note: 'a, b: c', suffix: \"n300.large0.example\", sources: [O1], status: official}",
    "- {suffix: 1.5, status: official, sources: [O1]}",
)
"""Elements of which some are wrong, and all are unusual."""


def outcome(folder: Path) -> list[str]:
    """The rules of a folder, or what is wrong in it."""
    try:
        return rules(folder)
    except SignatureError as error:
        return str(error).splitlines()


def test_lines_of_mixed_shapes_are_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever keys they have, in whatever order, the rules are those of the YAML."""
    write_set(tmp_path, COUNT, COUNT, mixed=True)
    file = tmp_path / "large0.yaml"
    assert [len(run.lines) for run in Document(file).runs] == [COUNT, COUNT]
    with_runs = outcome(tmp_path)
    monkeypatch.setattr("netmon.yaml_runs.LEAST_LINES", 10**9)
    assert not Document(file).runs
    assert with_runs == outcome(tmp_path)
    assert len(with_runs) == 2 * COUNT


@pytest.mark.parametrize("line", ODD)
def test_an_odd_line_in_a_run_is_read_as_yaml(tmp_path: Path, line: str, monkeypatch) -> None:
    """The rules, or the errors with their lines, are the same as without runs."""
    changed(tmp_path, "- {suffix: n300.large0.example, status: official, sources: [O1]}", line)
    with_runs = outcome(tmp_path)
    monkeypatch.setattr("netmon.yaml_runs.LEAST_LINES", 10**9)
    assert with_runs == outcome(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "16.1.10.0/24: {status: offical}",
        "16.1.10.0/24: {votes: {other_db: RU}}",
        "16.1.10.0/24: {votes: {example_db: RU}, votes: {example_db: CH}}",
        "16.1.10.0/24: {place: nowhere}",
        "16.1.10.0/24: {valid_from: 2024-02-01, valid_to: 2024-01-01}",
        "2001:db8::1/64: {}",
        "2001:0db8::/64: {note: x}",
        "2001:db8:::/64: {}",
    ],
)
def test_an_odd_network_in_a_run_is_read_as_yaml(tmp_path: Path, line: str, monkeypatch) -> None:
    """As for names."""
    changed(tmp_path, "16.1.10.0/24: {}", line)
    with_runs = outcome(tmp_path)
    monkeypatch.setattr("netmon.yaml_runs.LEAST_LINES", 10**9)
    assert with_runs == outcome(tmp_path)


WRITTEN = st.one_of(
    st.from_regex(r"[A-Za-z0-9_./*()%@+ ,:'\"\[\]{}#&!|>~-]{0,12}", fullmatch=True),
    st.from_regex(r"'[A-Za-z0-9 ,:#{}'-]{0,8}'", fullmatch=True),
    st.from_regex(r'"[A-Za-z0-9 ,:#{}\']{0,8}"', fullmatch=True),
    st.sampled_from(["null", "Null", "~", "yes", "0x1f", "1_0", "1.10", "a b", "\u00fcber", "2024-01-01"]),
)


@given(written=WRITTEN)
def test_a_value_in_a_run_is_that_of_the_yaml(written: str) -> None:
    """Whatever is taken for a line of a run, YAML reads it, and alike."""
    line = f"- {{suffix: {written}, note: {written}}}"
    _, runs = take_runs("\n".join([line] * LEAST_LINES))
    if not runs:
        return
    entry = next(runs[0].entries())
    read = yaml.compose(line, Loader=yaml.SafeLoader).value[0]
    [(key, value), (_, same)] = read.value
    is_text = isinstance(value, yaml.ScalarNode) and value.tag != "tag:yaml.org,2002:null"
    text = value.value if is_text and value.value.strip() else None
    assert (entry.key, plain(entry.value), plain(pairs(entry.rest)["note"])) == (key.value, text, text)
    assert same.value == value.value or not is_text


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
    """100,000 names and as many networks of several vendors and many shapes take less than 300 MB."""
    words = (sys.executable, "-m", "tests.bench.signatures", str(LARGE), str(LARGE), "4", "1")
    result = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert int(result.split(", ")[1].split()[0]) < MOST_MB
