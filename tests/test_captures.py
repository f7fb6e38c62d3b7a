"""What netmon reads in captures that no one of this project wrote, held against tshark's answers."""

import pytest

from tests.check_captures import (
    CAPTURES,
    Comparison,
    compare,
    find_surprises,
    read_known_differences,
    read_truth,
    score,
)

TRUTH = read_truth()


@pytest.fixture(scope="module")
def comparisons() -> list[Comparison]:
    return [compare(file, truth) for file, truth in sorted(TRUTH.items())]


def test_differences_are_the_listed_ones(comparisons):
    """Names, DNS messages, packets and bytes equal tshark's, but for the differences listed with a reason."""
    assert find_surprises(comparisons, read_known_differences()) == []


@pytest.mark.parametrize("over", ["tcp", "dns"])
def test_no_name_is_reported_that_is_not_there(comparisons, over):
    """A server name or DNS message that tshark does not see is never reported."""
    _expected, found, right = score(comparisons)[over]
    assert right == found > 0


def test_known_differences_have_reasons():
    """Every listed difference is of a known file, counts something and gives its reason."""
    for entry in read_known_differences():
        assert entry.file in TRUTH
        assert entry.side in ("missing", "extra")
        assert entry.count > 0
        assert len(entry.reason) > 10


def test_captures_are_unchanged_and_described():
    """Each capture is the one that tshark read, and the README names its origin."""
    readme = (CAPTURES / "README.md").read_text(encoding="utf-8")
    for file, truth in TRUTH.items():
        assert (CAPTURES / file).stat().st_size == truth["size"]
        assert f"| {file} |" in readme
