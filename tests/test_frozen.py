"""Frozen values that are made quickly are the same as those that the class makes."""

from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from netmon.frozen import maker_of
from netmon.records import ClassifiedFlow, FlowRecord, Place, RoundTrip
from netmon.verdict.judgement import Case
from tests.records import classified

FLOW = classified(flow_id=7)


@pytest.mark.parametrize("value", [FLOW, FLOW.flow, FLOW.place], ids=lambda value: type(value).__name__)
def test_a_value_is_that_of_the_class(value):
    """It has the class, is equal, has the same hash and text, and can be replaced, but not changed."""
    kind = type(value)
    made = maker_of(kind)(*(getattr(value, name) for name in kind.__dataclass_fields__))
    assert type(made) is kind
    assert made == value
    assert hash(made) == hash(value)
    assert repr(made) == repr(value)
    assert replace(made) == value
    name = next(iter(kind.__dataclass_fields__))
    with pytest.raises(FrozenInstanceError):
        setattr(made, name, None)


@dataclass(frozen=True, slots=True)
class Named:
    """A value with a name."""

    name: str
    kind: str = "none"
    parts: list[str] = field(default_factory=list)
    tags: tuple[str, ...] = field(default=(), kw_only=True)


def test_it_takes_the_same_arguments():
    """Defaults, names, and fields that have to be named; whatever is wrong is refused."""
    make = maker_of(Named)
    assert make("a") == Named("a")
    assert make("a").parts is not make("a").parts
    assert make(name="a", tags=("b",)) == Named("a", tags=("b",))
    for values, named in (((), {}), (("a", "b", [], ()), {}), (("a",), {"other": 1})):
        with pytest.raises(TypeError):
            make(*values, **named)


@dataclass(frozen=True, slots=True)
class Checked:
    """A value that does more than to take its arguments."""

    name: str

    def __post_init__(self):
        raise AssertionError(self.name)


def test_a_class_that_does_more_is_refused():
    """Its constructor would do what the quick one does not."""
    with pytest.raises(TypeError, match="Checked"):
        maker_of(Checked)


def test_the_values_of_flows_only_take_their_arguments():
    """All that are made so can be."""
    assert all(maker_of(kind) for kind in (FlowRecord, ClassifiedFlow, Place, RoundTrip, Case))
