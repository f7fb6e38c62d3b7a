"""Text for terminals of any width: nothing is wider, nothing is lost, and no name is cut without a sign."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from netmon.outputs.layout import CONTINUED, Grid, GridRow, Paragraph, wrapped
from netmon.outputs.sheet import Sheet

NAME = "a-very-long-name.of-a-server.in-some-region.updates.vendor.example"
WORDS = st.lists(
    st.text(st.characters(blacklist_categories=("Z", "C")), min_size=1, max_size=60), max_size=12
)
ROWS = [
    GridRow(("acme", "where"), ("flows", "sent"), "bold"),
    GridRow(("updates", "Frankfurt am Main, DE"), ("1,234,567", "99.9 kB"), indent=2),
]


def drawn(part, width):
    """The lines that a console of this width shows."""
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(part)
    return [line.rstrip() for line in capture.get().splitlines()]


@given(WORDS, st.integers(12, 100))
def test_wrapping_loses_nothing_and_fits(words, width):
    """Lines put together are the text again, and none is wider; text of double width included."""
    words = [word for word in words if not word.endswith(CONTINUED)]
    lines = wrapped(" ".join(words), width, "", "  ")
    assert all(cell_len(line) <= width for line in lines)
    joined = "".join(
        line.strip(" ").removesuffix(CONTINUED) + ("" if line.endswith(CONTINUED) else " ") for line in lines
    )
    assert joined.split(" ") == [*words, ""] or not words


@pytest.mark.parametrize("width", [12, 20, 31, 40])
def test_a_long_name_is_continued_with_a_sign(width):
    """Each line but the last ends with the sign, so that no part of the name looks like a name."""
    *broken, last = wrapped(NAME, width)
    assert broken
    assert all(line.endswith(CONTINUED) for line in broken)
    assert "".join(line.removesuffix(CONTINUED) for line in broken) + last == NAME


def test_long_names_are_broken_at_their_dots():
    """Where a dot is near the end of the line."""
    assert wrapped("stat-geo.kaspersky-labs.example.com", 28)[0] == "stat-geo.kaspersky-labs.\\"


def test_a_number_stays_with_its_unit():
    """At any width, in either language's signs."""
    for width in range(12, 40):
        text = "\n".join(wrapped("3 flows, 6.5 kB sent, 8,3 MB received in 40 min, 12 % of 9 B", width))
        assert not re.search(r"\d\n *(?:kB|MB|min|%|B)", text)


def test_an_address_to_open_is_not_broken():
    """If asked for, such a word stays in one piece, though it is longer than the line."""
    assert wrapped(f"see {NAME} there", 20, is_breaking=False) == ["see", NAME, "there"]


def test_only_the_beginning_of_a_paragraph_is_in_its_style():
    """The verdict of a heading, and not its reason; also where the verdict itself is wrapped."""
    console = Console(width=14, force_terminal=True, color_system="standard", _environ={})
    with console.capture() as capture:
        console.print(Paragraph("unexpected, critical: the place", "red", styled=20))
    assert capture.get().splitlines() == [
        "\x1b[31munexpected,\x1b[0m",
        "\x1b[31mcritical\x1b[0m: the",
        "place",
    ]


def test_columns_are_aligned_where_they_fit():
    """Numbers end in the same column."""
    assert drawn(Grid(ROWS, (19, 26), (10, 10)), 79) == [
        "acme                where                           flows       sent",
        "  updates           Frankfurt am Main, DE       1,234,567    99.9 kB",
    ]


def test_numbers_go_below_their_texts_on_a_narrow_terminal():
    """Still aligned, and in the line of the text if there is room."""
    assert drawn(Grid(ROWS, (19, 26), (10, 10)), 40) == [
        "acme: where             flows       sent",
        "  updates: Frankfurt am Main, DE",
        "                    1,234,567    99.9 kB",
    ]


def test_a_text_that_goes_on_is_indented_and_no_name_is_broken_beside_numbers():
    """A row whose name does not fit beside its numbers has them below it, at the same end of the line."""
    rows = [
        GridRow(("name",), ("flows", "sent")),
        GridRow(("acme: long-name.updates.vendor.example",), ("12", "3.4 kB")),
        GridRow(("acme: a-very-long-name.updates.vendor.example",), ("5", "6.7 kB")),
    ]
    assert drawn(Grid(rows, (50,), (8, 8)), 54) == [
        "name                                    flows     sent",
        "acme:                                      12   3.4 kB",
        "  long-name.updates.vendor.example",
        "acme: a-very-long-name.updates.vendor.example",
        "                                            5   6.7 kB",
    ]


def test_each_number_has_its_heading_where_no_columns_fit():
    """No digit is lost on the narrowest terminal."""
    assert drawn(Grid(ROWS, (19, 26), (10, 10)), 20) == [
        "updates: Frankfurt",
        "  am Main, DE",
        "  flows: 1,234,567;",
        "    sent: 99.9 kB",
    ]


HEADINGS = ("component", "function", "names")
CELLS = [("data_service", "entry name of a service", "1"), ("administration_server", "", "")]


def test_a_table_is_a_table_where_its_words_fit():
    """With its headings above."""
    lines = drawn(Sheet(HEADINGS, CELLS, right=("names",)), 80)
    assert lines[1].split() == list(HEADINGS)
    assert lines[3].split() == ["data_service", "entry", "name", "of", "a", "service", "1"]


@pytest.mark.parametrize("width", [20, 30, 40])
def test_a_table_is_paragraphs_where_they_do_not(width):
    """No word is cut, and a cell without content is left out."""
    lines = drawn(Sheet(HEADINGS, CELLS, right=("names",), title="Acme"), width)
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split()).replace("\\ ", "")
    assert text == ("Acme data_service function: entry name of a service; names: 1 administration_server")
