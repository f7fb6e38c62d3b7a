"""What a report says of a place on which the sources differ."""

import pytest
from msgspec.structs import replace

from netmon.records import Vote
from tests.records import DISPUTED
from tests.report.test_gather import facts_of, flow, run


@pytest.mark.parametrize(
    ("confidence", "claims", "sources"),
    [("disputed", ("DE", "RU", "other"), ("a", "b", "c")), ("agreed", (), ("a", "c"))],
)
def test_a_dispute_has_all_its_sides(confidence, claims, sources):
    """The countries of all sources that name one, and of those which may; a registration names none."""
    votes = (
        Vote("a", "DE", None),
        Vote("b", "RU", None, "unclear"),
        Vote("c", None, None, contradicts=True),
        Vote("d", "CH", None, "registration"),
    )
    place = replace(DISPUTED, confidence=confidence, votes=votes)
    [group] = facts_of(run(flow(place=place))).groups
    assert (group.meaning.claims, group.meaning.sources) == (claims, sources)
