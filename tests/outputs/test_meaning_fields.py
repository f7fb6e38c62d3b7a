"""What a flow means, as text: the same as its fields, of which parts are encoded once."""

import pytest
from msgspec.structs import replace

from netmon.outputs.meaning_fields import judgement_text, object_text, place_fields
from netmon.records import Place, RoundTrip, Trips
from tests.records import DISPUTED, START_NS, ZURICH, classified

OWN = RoundTrip(2_345_678, 1, START_NS, "unlikely")
JUMP = RoundTrip(40_000_500, 7, START_NS, "unlikely", RoundTrip(2_000_000, 30, START_NS, "unlikely"))
LIMITED = replace(DISPUTED, claims=("CH", "RU"), excluded=("moscow",), not_in=("US",), implausible=("PL",))
ODD = replace(ZURICH, steps=('a "quoted"', "\u202eturned"), claims=("CH",))
NOWHERE = Place("unknown", "unknown", None, "unknown")


@pytest.mark.parametrize("place", [ZURICH, LIMITED, ODD, NOWHERE], ids=["agreed", "disputed", "odd", "none"])
@pytest.mark.parametrize(
    "trips",
    [
        Trips(),
        Trips(OWN, None, ("own\x7f",)),
        Trips(None, JUMP, (), ("jumped", "smallest")),
        Trips(OWN, OWN, ("é",), ("smallest",)),
    ],
    ids=["none", "own", "smallest", "both"],
)
def test_a_place_is_written_as_its_fields(place, trips):
    """Whatever is known of it and of the round trips, twice: from fields, and from parts that were kept."""
    flow = replace(classified(place), trips=trips)
    for _ in range(2):
        assert judgement_text(flow).endswith(f'"place":{object_text(place_fields(place, trips))}')
