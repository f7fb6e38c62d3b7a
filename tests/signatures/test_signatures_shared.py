"""Signature files shared by all vendors: their content, errors and warnings."""

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from netmon.errors import SignatureError
from netmon.signatures.explain import explain
from netmon.signatures.lint import lint
from netmon.signatures.load import load_folder
from netmon.signatures.model import SignatureSet

TODAY = datetime.date(2026, 11, 24)
SOURCES = "sources:\n  A: {trust: official, ref: page, about: page}\n"
FRONT = "  - {name: front.example, operator: Front, status: official, sources: [A]}\n"
VENDOR = ["suffix example.com"]


def failure(folder: Path) -> str:
    with pytest.raises(SignatureError) as caught:
        load_folder(folder)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("public_names: []\n", "1: key 'sources' is missing"),
        (SOURCES, "1: key 'public_names' is missing"),
        (SOURCES + "public_names: {}\n", "3: expected a list"),
        (
            SOURCES + "public_names:\n" + FRONT + FRONT,
            "5: 'front.example' is given twice (first on line 4)",
        ),
        (SOURCES + "public_names:\n" + FRONT.replace("[A]", "[B]"), "4: unknown source 'B'"),
        (
            SOURCES + "public_names:\n" + FRONT.replace("front.example", "Front.example"),
            "4: 'Front.example': a name is made of a-z, 0-9, '-', '_' and dots",
        ),
        (
            SOURCES + "public_names:\n" + FRONT.replace("operator", "operater"),
            "4: key 'operator' is missing\n"
            "ech_public_names.yaml:4: unknown key 'operater'; did you mean 'operator'?",
        ),
    ],
)
def test_public_names_are_read_strictly(
    text: str, message: str, folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """An error in `ech_public_names.yaml` is reported with its line, like one in a vendor file."""
    folder = folder_of(ech_public_names=text, a=vendor_text("a", VENDOR))
    assert failure(folder) == f"ech_public_names.yaml:{message}"


def test_doubtful_public_names_are_found(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """A warning is given for an unverified public name, which hides no name, and for an unused source."""
    text = SOURCES + "  B: {trust: press, ref: page, about: page}\npublic_names:\n"
    text += FRONT.replace("official", "unverified")
    vendor = vendor_text("a", VENDOR, "examples: {www.example.com: web}\n")
    findings = [str(one) for one in lint(load_folder(folder_of(ech_public_names=text, a=vendor)), TODAY)]
    assert [finding.partition("ech_public_names.yaml:")[2] for finding in findings] == [
        "3: source 'B' is not used",
        "5: public name 'front.example' is unverified: it is not used",
    ]


RESOLVER = (
    "  dns: {operator: DNS, status: official, sources: [A], addresses: [192.0.2.53], names: [dns.example]}\n"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SOURCES, "1: key 'resolvers' is missing"),
        (SOURCES + "resolvers: []\n", "3: expected keys and values"),
        (
            SOURCES + "resolvers:\n" + RESOLVER.replace("dns:", "DNS:"),
            "4: 'DNS' is not an identifier (a-z, 0-9 and _, starting with a letter)",
        ),
        (SOURCES + "resolvers:\n" + RESOLVER.replace("[A]", "[B]"), "4: unknown source 'B'"),
        (SOURCES + "resolvers:\n" + RESOLVER.replace(".53", ".530"), "4: '192.0.2.530' is not an IP address"),
        (
            SOURCES + "resolvers:\n  dns: {operator: DNS, status: official, sources: [A]}\n",
            "4: a resolver needs addresses or names",
        ),
        (
            SOURCES + "resolvers:\n" + RESOLVER + RESOLVER.replace("dns:", "dns2:"),
            "5: '192.0.2.53' is given twice (first for 'dns')\n"
            "resolvers.yaml:5: 'dns.example' is given twice (first for 'dns')",
        ),
    ],
)
def test_resolvers_are_read_strictly(
    text: str, message: str, folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """An error in `resolvers.yaml` is reported with its line, like one in a vendor file."""
    folder = folder_of(resolvers=text, a=vendor_text("a", VENDOR))
    assert failure(folder) == f"resolvers.yaml:{message}"


def test_doubtful_resolvers_are_found(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """A warning is given for an unverified resolver, and for a fallback that is not a known resolver."""
    text = SOURCES + "resolvers:\n" + RESOLVER.replace("official", "unverified")
    rest = "resolvers:\n  - {address: 192.0.2.99, operator: X, status: official, sources: [A]}\n"
    vendor = vendor_text("a", VENDOR, rest + "examples: {www.example.com: web}\n")
    folder = folder_of(resolvers=text, a=vendor)
    known = folder / "resolvers.yaml"
    findings = [str(one) for one in lint(load_folder(folder), TODAY)]
    assert [finding.replace(f"{folder}/", "", 1) for finding in findings] == [
        f"a.yaml:16: resolver 192.0.2.99 is not in the list of public resolvers ({known})",
        "resolvers.yaml:4: resolver 'dns' is unverified: it is not used",
    ]


def test_a_resolver_is_explained(shipped: SignatureSet) -> None:
    """A resolver is recognised by its name and its address, and not by a similar name."""
    remark = "Google (google): a public resolver; encrypted queries to it cannot be read"
    assert explain(shipped, "dns.google").remarks == (remark,)
    assert explain(shipped, "8.8.4.4").remarks == (remark,)
    assert explain(shipped, "notdns.google").remarks == ()


def test_a_public_name_is_explained(shipped: SignatureSet) -> None:
    """The explanation of a public name says why it does not name flows."""
    assert explain(shipped, "cloudflare-ech.com").remarks == (
        "the public name of an ECH client-facing server of Cloudflare: "
        "hellos with this name encrypt the real one",
    )
