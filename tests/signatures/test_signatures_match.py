"""A signature set, compiled."""

from collections.abc import Callable
from pathlib import Path

import pytest

from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from netmon.signatures.test import Trial, run_examples

NETWORK = """\
networks:
  - {holder: x, role: service, status: measured, sources: [A], prefixes: {192.0.2.0/24: {%s}}}
"""


@pytest.mark.parametrize(
    ("validity", "day", "tagged"),
    [
        ("", None, True),
        ("", "1999-01-01", True),
        ("valid_to: 2026-06-30", None, False),
        ("valid_to: 2026-06-30", "2026-06-30", True),
        ("valid_to: 2026-06-30", "2026-07-01", False),
        ("valid_from: 2026-06-01", None, True),
        ("valid_from: 2026-06-01", "2026-06-01", True),
        ("valid_from: 2026-06-01", "2026-05-31", False),
    ],
)
def test_networks_tag_while_they_are_the_vendors(
    validity: str,
    day: str | None,
    tagged: bool,
    folder_of: Callable[..., Path],
    vendor_text: Callable[..., str],
) -> None:
    """Both bounds count; without a day, a network whose end was seen is left out."""
    text = vendor_text("example", ["suffix example.com"], NETWORK % validity)
    matcher = compile_matcher(load_folder(folder_of(example=text)), day)
    assert (matcher.find_network("192.0.2.9") is not None) == tagged


def test_entries_of_several_vendors_are_numbered_in_one_row(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """The engine's answer leads to the right vendor."""
    folder = folder_of(
        a=vendor_text("a", ["suffix a.example", "exact b.example"], NETWORK % ""),
        b=vendor_text("b", ["exact c.example"]),
    )
    signatures = load_folder(folder)
    matcher = compile_matcher(signatures)
    found = {name: matcher.find_name(name) for name in ("x.a.example", "b.example", "c.example", "d.example")}
    vendors = {
        name: None if entry is None else signatures.entries[entry].vendor for name, entry in found.items()
    }
    assert vendors == {"x.a.example": "a", "b.example": "a", "c.example": "b", "d.example": None}


def test_examples_that_fail_are_told_with_what_was_found(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """An example without a match, and a counterexample with one, do not pass."""
    rest = "examples: {www.example.org: web}\ncounterexamples: [www.example.com, example.net]\n"
    signatures = load_folder(folder_of(example=vendor_text("example", ["suffix example.com"], rest)))
    assert run_examples(signatures) == [
        Trial("example", "www.example.org", "example/web", None, passed=False),
        Trial("example", "www.example.com", None, "example/web", passed=False),
        Trial("example", "example.net", None, None, passed=True),
    ]
