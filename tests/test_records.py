"""The engine's rows and the records that they become."""

from typing import Literal, get_args, get_origin, get_type_hints

import pytest
from msgspec import defstruct

from netmon._engine import DNS_FIELDS, FLOW_FIELDS
from netmon.records import EVIDENCE, DnsRecord, FlowRecord
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource
from tests.craft import golden

TYPES = {record: get_type_hints(record) for record in (FlowRecord, DnsRecord)}


def of_row(row):
    """Names and types of a row's fields, which the engine gives as text."""
    annotated = type("Row", (), {"__annotations__": dict(row)})
    types = get_type_hints(annotated, localns={"Literal": Literal})
    return [(name, types[name]) for name, _ in row]


def of_record(record):
    """Names and types of a record's fields."""
    types = get_type_hints(record)
    return [(name, types[name]) for name in record.__struct_fields__]


@pytest.mark.parametrize(
    ("row", "record"), [(FLOW_FIELDS, FlowRecord), (DNS_FIELDS, DnsRecord)], ids=["flow", "dns"]
)
def test_rows_have_the_fields_of_the_records(row, record):
    """In the same order, with the same types: a row becomes a record by position."""
    assert of_row(row) == of_record(record)


def test_evidence_is_in_the_same_order():
    """Strongest first, in Rust and in Python."""
    assert get_args(dict(of_row(FLOW_FIELDS))["evidence"]) == EVIDENCE


@pytest.mark.parametrize(
    "differing",
    [
        [("count", int), ("word", Literal["a", "b"]), ("names", tuple[str, ...])],
        [("word", Literal["a", "b"]), ("count", int | None), ("names", tuple[str, ...])],
        [("count", int | None), ("word", Literal["a"]), ("names", tuple[str, ...])],
        [("count", int | None), ("word", str), ("names", tuple[str, ...])],
        [("count", int | None), ("word", Literal["a", "b"]), ("names", tuple[str, str])],
        [("count", int | None), ("word", Literal["a", "b"])],
        [("number", int | None), ("word", Literal["a", "b"]), ("names", tuple[str, ...])],
    ],
    ids=["type", "order", "word", "set", "length", "missing", "name"],
)
def test_a_record_that_differs_from_its_row_is_found(differing):
    """By a name, a type, the order, or a word of a closed set."""
    row = [("count", "int | None"), ("word", 'Literal["a", "b"]'), ("names", "tuple[str, ...]")]
    same = [("count", int | None), ("word", Literal["a", "b"]), ("names", tuple[str, ...])]
    assert of_row(row) == of_record(defstruct("Record", same))
    assert of_row(row) != of_record(defstruct("Record", differing))


def is_of(value, kind):
    """Whether a value is of an annotated type, exactly: True is not an int."""
    if kind in {int, str, bool, type(None)}:
        return type(value) is kind
    inner = get_args(kind)
    match get_origin(kind):
        case origin if origin is Literal:
            return value in inner
        case origin if origin is tuple and inner[-1] is ...:
            return type(value) is tuple and all(is_of(one, inner[0]) for one in value)
        case origin if origin is tuple:
            return type(value) is tuple and len(value) == len(inner) and all(map(is_of, value, inner))
        case _:
            return any(is_of(value, one) for one in inner)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (1, int, True),
        (True, int, False),
        (None, int, False),
        (None, int | None, True),
        ("a", Literal["a"] | None, True),
        ("b", Literal["a"] | None, False),
        (("a", "b"), tuple[str, ...], True),
        (("a", 1), tuple[str, ...], False),
        (["a"], tuple[str, ...], False),
        (("a", 1), tuple[str, int], True),
        (("a",), tuple[str, int], False),
    ],
)
def test_the_check_of_values_distinguishes_types(value, kind, expected):
    """It accepts what an annotation allows and nothing else."""
    assert is_of(value, kind) is expected


def test_values_are_of_the_types_of_the_records():
    """In every row of the golden captures, where each field has a value other than None and ()."""
    matcher = compile_matcher(load_folder(golden.FOLDER / "signatures"))
    filled = set()
    for case in golden.CASES:
        capture = golden.FOLDER / case.__name__ / golden.input_name(case)
        limits = {"separate_by": ["vlan", "vni"], "name_machines": True}
        for batch in FileSource([str(capture)], matcher, every_flow=True, limits=limits).batches():
            for record in [*batch.flows, *batch.dns]:
                types = TYPES[type(record)]
                values = {name: getattr(record, name) for name in types}
                assert [name for name, value in values.items() if not is_of(value, types[name])] == []
                filled |= {(type(record), name) for name, value in values.items() if value not in {None, ()}}
    assert {(record, name) for record, types in TYPES.items() for name in types} - filled == set()
