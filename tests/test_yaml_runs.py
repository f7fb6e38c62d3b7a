"""Runs of lines are read as the YAML that they are."""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.errors import SignatureError
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.yaml_nodes import Document
from netmon.yaml_runs import LEAST_LINES, take_runs
from tests.bench.signatures import HEAD, write_set

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
    write_set(tmp_path, COUNT, COUNT, shape="mixed")
    file = tmp_path / "large0.yaml"
    assert [len(run.lines) for run in Document(file).runs] == [COUNT, COUNT]
    with_runs = outcome(tmp_path)
    monkeypatch.setattr("netmon.yaml_runs.LEAST_LINES", 10**9)
    assert not Document(file).runs
    assert with_runs == outcome(tmp_path)
    assert len(with_runs) == 2 * COUNT


def dumped(lines: list[str]) -> list[str]:
    """Elements as PyYAML writes them: keys sorted, each on a line of its own."""
    return yaml.safe_dump(yaml.safe_load("\n".join(lines))).splitlines()


def spaced(lines: list[str]) -> list[str]:
    """Elements as formatters write them, with comments."""
    return [f"# {at}\n" + line.replace("{", "{ ").replace("}", " }  # ok") for at, line in enumerate(lines)]


@pytest.mark.parametrize("layout", [dumped, spaced])
@pytest.mark.parametrize("is_wrong", [False, True])
def test_the_layout_of_a_long_list_does_not_matter(
    tmp_path: Path, monkeypatch, layout, is_wrong: bool
) -> None:
    """Lists as programs write them are runs too, with the rules and the errors of the YAML."""
    write_set(tmp_path, COUNT, COUNT)
    file = tmp_path / "large0.yaml"
    lines = file.read_text().split("\n")
    first = next(at for at, line in enumerate(lines) if line.lstrip().startswith("- {suffix: n0."))
    indent = " " * (len(lines[first]) - len(lines[first].lstrip()))
    elements = [line.strip() for line in lines[first : first + COUNT]]
    if is_wrong:
        elements[300] = elements[300].replace("official", "offical")
    changed_lines = "\n".join(layout(elements)).split("\n")
    lines[first : first + COUNT] = [indent + line for line in changed_lines]
    file.write_text("\n".join(lines))
    assert len(Document(file).runs) == 2
    with_runs = outcome(tmp_path)
    monkeypatch.setattr("netmon.yaml_runs.LEAST_LINES", 10**9)
    assert with_runs == outcome(tmp_path)
    assert (len(with_runs) == 1) is is_wrong


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
    st.sampled_from(
        ["it's", "'it''s'", '"a\\tb"', '"a\\qb"', "a # b", "a, note: b", ">-", "|", "*a", "&a b", "!!str a"]
    ),
)
COMMON = "status: official, sources: [O1]"
LINES = "status: official\n  sources: [O1]"
LAYOUTS = {
    "braces": f"- {{{{suffix: {{name}}, note: {{0}}, {COMMON}}}}}",
    "spaces": f"- {{{{ {COMMON},  suffix: {{name}} , note: {{0}} }}}}  # comment",
    "quotes": f"-  {{{{'suffix': {{name}}, \"note\":  {{0}}, {COMMON}}}}}",
    "trailing comma": f"- {{{{suffix: {{name}}, {COMMON}, note: {{0}},}}}}",
    "braces over lines": f"- {{{{\n    note: {{0}},\n    suffix: {{name}},\n    {COMMON},\n  }}}}",
    "block": f"- suffix: {{name}}\n  note: {{0}}\n  {LINES}",
    "windows": f"-   suffix:   {{name}}   # comment\r\n    note: {{0}}\r\n    {LINES}".replace(
        "\n  s", "\n    s"
    ),
    "hyphen alone": f"-\n  note: {{0}}\n\n  # {{0}}\n  suffix: {{name}}\n  {LINES}",
    "nested": "- 'suffix': {name}\n  note: {0}\n  status: official\n  sources:\n  - O1",
    "folded": f"- suffix: {{name}}\n  {LINES}\n  note: >-\n    {{0}}\n    second",
    "wrapped": f"- suffix: {{name}}\n  {LINES}\n  note: first\n    {{0}}",
    "name": f"- {{{{suffix: {{0}}, {COMMON}}}}}",
    "name in a block": f"- suffix: {{0}}\n  {LINES}",
}


def both(folder: Path, entries: list[str]) -> None:
    """Asserts that a list of names says the same as runs as without; what is no YAML is refused by both."""
    names = "".join(textwrap.indent(entry, "      ", lambda _: True) + "\n" for entry in entries)
    (folder / "one.yaml").write_text(HEAD.format(vendor="one") + names)
    found = []
    for least in (2, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("netmon.yaml_runs.LEAST_LINES", least)
            found.append(outcome(folder))
    as_runs, as_yaml = found
    if "not YAML" in as_yaml[0]:
        assert "not YAML" in "".join(as_runs)
    else:
        assert as_runs == as_yaml


@pytest.fixture(scope="module")
def locations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the locations."""
    folder = tmp_path_factory.mktemp("signatures")
    shutil.copy(default_folder() / "locations.yaml", folder)
    return folder


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=60)
@given(written=st.lists(WRITTEN, min_size=2, max_size=5))
def test_a_text_in_a_run_is_that_of_the_yaml(locations: Path, layout: str, written: list[str]) -> None:
    """Whatever is written there, in whatever layout: also where another entry has an ordinary text."""
    texts = ["ordinary", *written]
    entries = [LAYOUTS[layout].format(one, name=f"n{number}.example.com") for number, one in enumerate(texts)]
    both(locations, entries)


SOME_LINES = """\
- suffix: a.b
  status: official
  sources: [O1]
  sources:
  - O1
    - O1
  note: a, b
  note: x
  # comment

- {suffix: a.b, note: 'c'}
  votes:
    db: RU
- suffix:
    a.b
  note: >-
    folded
  "quoted
  suffix: c.d'
  - {
}
-"""


@settings(max_examples=300)
@given(lines=st.lists(st.sampled_from(SOME_LINES.split("\n")), max_size=12), again=st.integers(1, 3))
def test_entries_of_several_lines_are_those_of_the_yaml(
    locations: Path, lines: list[str], again: int
) -> None:
    """Whatever lines follow each other."""
    both(locations, ["- suffix: a.b", *lines] * again)


@pytest.mark.parametrize("rest", ["note: null", "note: ''", "pattern: '^a$'", "note: x, note: y"])
def test_a_mistake_among_entries_that_are_all_unusual_is_reported(tmp_path: Path, rest: str) -> None:
    """None of them is like another one, so nothing is left to read again."""
    entries = [
        f"      - {{suffix: n{number}.example.com, {COMMON}, {rest}}}" for number in range(LEAST_LINES)
    ]
    entries[-1] = entries[-1].replace(".com", ".com.")
    shutil.copy(default_folder() / "locations.yaml", tmp_path)
    (tmp_path / "one.yaml").write_text(HEAD.format(vendor="one") + "\n".join(entries) + "\n")
    last = HEAD.format(vendor="one").count("\n") + LEAST_LINES
    with pytest.raises(SignatureError, match=rf"one\.yaml:{last}: 'n{LEAST_LINES - 1}\.example\.com\.'"):
        load_folder(tmp_path)


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
@pytest.mark.parametrize("shape", ["mixed", "blocks"])
def test_a_large_set_needs_little_memory(shape: str) -> None:
    """100,000 names and as many networks of several vendors and many shapes take less than 300 MB."""
    words = (sys.executable, "-m", "tests.bench.signatures", "--set", str(LARGE), str(LARGE), "4", shape)
    result = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert int(result.split(", ")[1].split()[0]) < MOST_MB
