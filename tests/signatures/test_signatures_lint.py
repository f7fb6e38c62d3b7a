"""Warnings about valid but doubtful signature files."""

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from netmon.signatures.lint import lint
from netmon.signatures.load import load_folder

TODAY = datetime.date(2026, 11, 24)
EXAMPLE = "examples: {www.example.com: web}\n"
NETWORK = (
    "networks:\n  - {holder: x, role: service, status: measured, sources: [A], prefixes: {192.0.2.0/24: "
)
DATABASE = "databases:\n  db: {title: x, about: location, sources: [A]%s}\n"


@pytest.mark.parametrize(
    ("names", "rest", "findings"),
    [
        (["suffix example.com"], EXAMPLE, []),
        (["suffix example.com"], "", ["6: component 'web' has no example"]),
        (
            ["suffix example.com", "exact www.example.com"],
            EXAMPLE,
            ["13: exact 'www.example.com' is redundant with suffix 'example.com' (line 12)"],
        ),
        (
            ["suffix example.com", "suffix a.example.com", r"pattern ^b[0-9]\.example\.com$"],
            EXAMPLE,
            [
                "13: suffix 'a.example.com' is redundant with suffix 'example.com' (line 12)",
                r"14: pattern '^b[0-9]\.example\.com$' is redundant with suffix 'example.com' (line 12)",
            ],
        ),
        (
            ["suffix example.com"],
            EXAMPLE + NETWORK + "{valid_to: 2026-11-23, place: zurich}}}\n",
            ["17: network 192.0.2.0/24 ended 2026-11-23, and no note says why it is kept"],
        ),
        (
            ["suffix example.com"],
            EXAMPLE + NETWORK + "{valid_to: 2026-11-23, note: kept for old captures}}}\n",
            [],
        ),
        (["suffix example.com"], EXAMPLE + NETWORK + "{valid_to: 2026-11-24, place: zurich}}}\n", []),
        (
            ["suffix example.com"],
            EXAMPLE + NETWORK + "{valid_from: 2026-11-25, place: zurich}}}\n",
            ["17: network 192.0.2.0/24 starts in the future: 2026-11-25"],
        ),
        (
            ["suffix example.com"],
            EXAMPLE + NETWORK + "{}}}\n",
            ["17: network 192.0.2.0/24 has neither votes nor a place: it locates nothing"],
        ),
        (
            ["suffix example.com"],
            EXAMPLE + DATABASE % "" + NETWORK + "{votes: {db: CH}}}}\n",
            ["17: database 'db' has no date, and places change over time"],
        ),
        (
            ["suffix example.com"],
            EXAMPLE + DATABASE % ", date: 2026-01-01",
            ["17: database 'db' has no votes"],
        ),
    ],
)
def test_findings(
    names: list[str],
    rest: str,
    findings: list[str],
    folder_of: Callable[..., Path],
    vendor_text: Callable[..., str],
) -> None:
    """Each doubtful statement is reported with its line, and nothing else is."""
    found = lint(load_folder(folder_of(example=vendor_text("example", names, rest))), TODAY)
    assert [f"{finding.line}: {finding.message}" for finding in found] == findings


def test_unused_sources_and_weak_components_are_reported(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """A warning is given for an unused source and for a component that can never alert."""
    text = vendor_text("example", ["suffix example.com"], EXAMPLE)
    text = text.replace("components:", "  B: {trust: press, ref: x, about: y}\ncomponents:")
    text = text.replace("status: official, sources", "status: unverified, sources").replace(
        "- {basis: none}", "[]"
    )
    found = lint(load_folder(folder_of(example=text)), TODAY)
    assert [f"{finding.line}: {finding.message}" for finding in found] == [
        "5: source 'B' is not used",
        "7: all names of component 'web' are unverified: it never alerts",
        "7: component 'web' has no expectations, not even one with basis none",
    ]
