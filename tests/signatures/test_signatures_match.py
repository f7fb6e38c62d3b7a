"""The compiled matcher of a signature set."""

from collections.abc import Callable
from pathlib import Path

import pytest

from netmon.errors import SignatureError
from netmon.signatures.examples import ExampleResult, run_examples
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher

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
def test_networks_match_while_the_vendor_holds_them(
    validity: str,
    day: str | None,
    tagged: bool,
    folder_of: Callable[..., Path],
    vendor_text: Callable[..., str],
) -> None:
    """Both bounds are inclusive; without a day, a network with a known end is left out."""
    text = vendor_text("example", ["suffix example.com"], NETWORK % validity)
    matcher = compile_matcher(load_folder(folder_of(example=text)), day)
    assert (matcher.find_network("192.0.2.9") is not None) == tagged


def test_rules_of_several_vendors_are_numbered_consecutively(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """The engine's result identifies the right vendor."""
    folder = folder_of(
        a=vendor_text("a", ["suffix a.example", "exact b.example"], NETWORK % ""),
        b=vendor_text("b", ["exact c.example"]),
    )
    signatures = load_folder(folder)
    matcher = compile_matcher(signatures)
    found = {name: matcher.find_name(name) for name in ("x.a.example", "b.example", "c.example", "d.example")}
    vendors = {
        name: None if number is None else signatures.rules[number].vendor for name, number in found.items()
    }
    assert vendors == {"x.a.example": "a", "b.example": "a", "c.example": "b", "d.example": None}


MAGIC_AND_CERTIFICATE = """\
    magic:
      - {udp: 2001, prefix: 4b450000, length: 8, status: measured, sources: [A]}
certificates:
  - {component: web, names: ['*.example.org'], subject: CN=x, issuer: CN=y, not_before: 2026-01-01,
     not_after: 2027-01-01, status: press, sources: [A]}
"""


def test_payloads_and_certificates_are_rules_like_names(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """Each has a number, a component and a trust status, and a matching name gives its number."""
    text = vendor_text("example", ["suffix example.com"], MAGIC_AND_CERTIFICATE)
    signatures = load_folder(folder_of(example=text))
    assert [rule.number for rule in signatures.rules] == [0, 1, 2]
    name, magic, certificate = signatures.rules
    assert str(magic) == "first payload bytes 4b450000 on udp port 2001, 8 bytes long"
    assert [(rule.component, rule.status) for rule in (magic, certificate)] == [
        ("web", "measured"),
        ("web", "press"),
    ]
    matcher = compile_matcher(signatures)
    assert matcher.find_certificate("*.example.org") == certificate.number
    assert matcher.find_name("*.example.com") == name.number
    assert matcher.find_name("*.example.org") is None


def test_two_vendors_must_not_claim_the_same_payload_or_certificate(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """Both conflicts are reported, each with the other vendor."""
    folder = folder_of(
        a=vendor_text("a", ["suffix a.example"], MAGIC_AND_CERTIFICATE),
        b=vendor_text("b", ["suffix b.example"], MAGIC_AND_CERTIFICATE),
    )
    with pytest.raises(SignatureError) as caught:
        load_folder(folder)
    message = str(caught.value)
    assert (
        "first payload bytes 4b450000 on udp port 2001, 8 bytes long are also given by vendor 'b'" in message
    )
    assert "certificate name '*.example.org' is claimed or denied by vendor 'b'" in message


def test_failed_examples_are_reported_with_the_match_found(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """An example without a match fails, and so does a counterexample with a match."""
    rest = "examples: {www.example.org: web}\ncounterexamples: [www.example.com, example.net]\n"
    signatures = load_folder(folder_of(example=vendor_text("example", ["suffix example.com"], rest)))
    assert run_examples(signatures) == [
        ExampleResult("example", "www.example.org", "example/web", None, passed=False),
        ExampleResult("example", "www.example.com", None, "example/web", passed=False),
        ExampleResult("example", "example.net", None, None, passed=True),
    ]
