"""YAML values with their line numbers."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.errors import nearest
from netmon.yaml_nodes import Document, Item


def document(tmp_path: Path, text: str) -> Document:
    file = tmp_path / "file.yaml"
    file.write_text(text, encoding="utf-8")
    return Document(file)


def root(tmp_path: Path, text: str) -> tuple[Item, Document]:
    made = document(tmp_path, text)
    assert made.root is not None
    return made.root, made


def messages(made: Document) -> list[str]:
    return [f"{problem.line}: {problem.message}" for problem in made.problems]


def test_values_are_read_as_written(tmp_path: Path) -> None:
    """Values that YAML 1.1 would convert stay as written."""
    item, made = root(tmp_path, "[NO, 1.10, 5049, 2026-06-05, off, 12:30:45, 0x10]")
    assert item.texts() == ("NO", "1.10", "5049", "2026-06-05", "off", "12:30:45", "0x10")
    assert made.problems == []


def test_the_line_of_a_value_is_the_line_of_its_key(tmp_path: Path) -> None:
    """An error in a block is reported at the line of its key."""
    item, _ = root(tmp_path, "a: 1\nblock:\n  # comment\n  key: x\nlist:\n  - one\n  - two\n")
    entries = item.entries()
    assert {key: value.line for key, value in entries.items()} == {"a": 1, "block": 2, "list": 5}
    assert [element.line for element in entries["list"].elements()] == [6, 7]


def test_every_unknown_and_missing_key_is_reported(tmp_path: Path) -> None:
    """Only known keys are read, and the nearest valid key is suggested."""
    item, made = root(tmp_path, "interfce: eth0\nport: 9100\nzzz: 1\n")
    fields = item.fields(("interface",), ("port",))
    assert list(fields) == ["port"]
    assert sorted(messages(made)) == [
        "1: key 'interface' is missing",
        "1: unknown key 'interfce'; did you mean 'interface'?",
        "3: unknown key 'zzz'",
    ]


def test_a_problem_names_file_and_line(tmp_path: Path) -> None:
    """It is printed like a compiler's message, so that editors can jump to it."""
    item, made = root(tmp_path, "a:\n  - 1\n  - x\n")
    item.entries()["a"].elements()[1].integer(0, 9)
    assert str(made.problems[0]) == f"{tmp_path / 'file.yaml'}:3: 'x' is not a whole number from 0 to 9"


@pytest.mark.parametrize(
    ("text", "value", "problem"),
    [
        ("17", 17, None),
        ("-3", -3, None),
        ("+3", 3, None),
        ("1_000", -5, "1: '1_000' is not a whole number from -5 to 99"),
        ("100", -5, "1: '100' is not a whole number from -5 to 99"),
        ("1e1", -5, "1: '1e1' is not a whole number from -5 to 99"),
        ("9" * 5000, -5, f"1: '{'9' * 5000}' is not a whole number from -5 to 99"),
        ("[1]", -5, "1: expected text"),
    ],
)
def test_whole_numbers(tmp_path: Path, text: str, value: int, problem: str | None) -> None:
    """The bounds are enforced, and an invalid number becomes the lower bound and a problem."""
    item, made = root(tmp_path, text)
    assert item.integer(-5, 99) == value
    assert messages(made) == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5", 1.5),
        ("1e1", 10.0),
        ("inf", 0.0),
        ("nan", 0.0),
        ("x", 0.0),
        ("\N{FULLWIDTH DIGIT ONE}", 0.0),
        ("1_0", 0.0),
        (".5", 0.5),
        ("+7.", 7.0),
    ],
)
def test_numbers_are_finite(tmp_path: Path, text: str, value: float) -> None:
    """Neither infinity nor NaN is accepted as a number, nor digits of other scripts."""
    item, made = root(tmp_path, text)
    assert item.number(0, 60) == value
    assert bool(made.problems) == (value == 0.0)


def test_flags_are_true_or_false(tmp_path: Path) -> None:
    """The other spellings of YAML 1.1 are rejected."""
    item, made = root(tmp_path, "[true, false, yes]")
    assert [element.flag() for element in item.elements()] == [True, False, False]
    assert messages(made) == ["1: 'yes' is neither true nor false"]


def test_an_empty_value_is_null(tmp_path: Path) -> None:
    """An empty value, `~` and `null` are null; an empty string is not, but is not a text either."""
    item, made = root(tmp_path, "a:\nb: ~\nc: null\nd: ''\n")
    assert [value.is_null() for value in item.entries().values()] == [True, True, True, False]
    assert item.entries()["d"].text() == ""
    assert messages(made) == ["4: expected text"]


def test_a_merge_key_is_an_unknown_key(tmp_path: Path) -> None:
    """`<<` is an unknown key like any other: only keys that are written out are read."""
    item, made = root(tmp_path, "base: &b {x: 1}\nuse: {<<: *b}\n")
    item.entries()["use"].fields((), ("x",))
    assert messages(made) == ["2: unknown key '<<'"]


def test_a_hint_is_given_only_when_something_is_near() -> None:
    """Dissimilar words get no hint."""
    assert nearest("sorces", ["sources", "title"]) == "; did you mean 'sources'?"
    assert nearest("weather", ["sources", "title"]) == ""


@given(
    st.binary(max_size=300) | st.text(alphabet="ab:-[]{}&*!|>'\"#\n \t?,~<=%@", max_size=60).map(str.encode)
)
def test_any_bytes_give_a_root_or_a_problem(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Any bytes give a document or a problem, never another error."""
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(data)
    made = Document(file)
    assert (made.root is None) == bool(made.problems)
    if made.root is not None:
        made.root.fields(("a",))
        made.root.elements()
        made.root.text()
