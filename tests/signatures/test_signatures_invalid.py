"""Every way in which a signature file can be wrong, with its exact message and line.

A file of `invalid/` marks each faulty line with `# <-- message`; nothing else may be reported.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from netmon.errors import SignatureError
from netmon.signatures.load import load_folder

INVALID = sorted((Path(__file__).parent / "invalid").glob("*.yaml"))
UNMARKED = {"empty": [(1, "the file is empty")]}  # there is no line to mark


def expected_problems(file: Path) -> list[tuple[int, str]]:
    marks = [
        (number, line.partition("# <-- ")[2])
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if "# <-- " in line
    ]
    return marks or UNMARKED[file.stem]


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_fault_is_reported_with_its_line(file: Path, folder_of: Callable[..., Path]) -> None:
    """The message says what is wrong, in the line that is marked, and nothing else is reported."""
    folder = folder_of(vendor=file.read_text(encoding="utf-8"))
    with pytest.raises(SignatureError) as caught:
        load_folder(folder)
    reported = [re.fullmatch(r"(.*):(\d+): (.*)", line) for line in str(caught.value).splitlines()]
    assert {found[1] for found in reported if found} == {str(folder / "vendor.yaml")}
    assert [(int(found[2]), found[3]) for found in reported if found] == expected_problems(file)


def test_the_base_of_the_invalid_files_is_valid(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """What the invalid files have in common loads, so each fails for its own fault."""
    assert load_folder(folder_of(vendor=vendor_text("example", ["suffix example.com"]))).vendors.keys() == {
        "example"
    }


def failure(folder: Path) -> str:
    with pytest.raises(SignatureError) as caught:
        load_folder(folder)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("names", "others", "message"),
    [
        (
            ["exact www.example.com"],
            ["suffix example.com"],
            "a.yaml:12: 'www.example.com' is also matched by suffix 'example.com' of vendor 'b' (b.yaml:12)",
        ),
        (
            ["suffix example.com"],
            [r"pattern ^a\.www\.example\.com$"],
            r"b.yaml:12: '^a\.www\.example\.com$' is also matched by "
            "suffix 'example.com' of vendor 'a' (a.yaml:12)",
        ),
        (
            [r"pattern ^a[0-9]\.example\.com$"],
            ["exact a1.example.com"],
            "b.yaml:12: 'a1.example.com' is also matched by "
            r"pattern '^a[0-9]\.example\.com$' of vendor 'a' (a.yaml:12)",
        ),
    ],
)
def test_two_vendors_must_not_claim_the_same_name(
    names: list[str],
    others: list[str],
    message: str,
    folder_of: Callable[..., Path],
    vendor_text: Callable[..., str],
) -> None:
    """A name of one vendor that matches inside another's is reported with both places."""
    assert failure(folder_of(a=vendor_text("a", names), b=vendor_text("b", others))) == message


def test_two_vendors_must_not_own_the_same_network(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """Networks of two vendors may not overlap; a third party's network may carry both."""
    networks = (
        "networks:\n  - {{holder: x, role: {}, status: measured, sources: [A], prefixes: {{{}: {{}}}}}}\n"
    )
    one = vendor_text("a", ["suffix a.example"], networks.format("service", "192.0.2.0/24"))
    other = vendor_text("b", ["suffix b.example"], networks.format("corporate", "192.0.2.128/25"))
    carrier = vendor_text("b", ["suffix b.example"], networks.format("carrier", "192.0.2.128/25"))
    assert failure(folder_of(a=one, b=other)) == (
        "a.yaml:16: network 192.0.2.0/24 overlaps with 192.0.2.128/25 of vendor 'b' (b.yaml:16)"
    )
    assert len(load_folder(folder_of(a=one, b=carrier)).vendors) == 2


def test_a_lookalike_of_one_vendor_must_not_hold_a_name_of_another(
    folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """A look-alike would silence the other vendor's rule."""
    lookalikes = "lookalikes: {why: x, status: press, sources: [A], domains: [fake.example]}\n"
    folder = folder_of(
        a=vendor_text("a", ["suffix a.example"], lookalikes), b=vendor_text("b", ["exact www.fake.example"])
    )
    assert (
        failure(folder)
        == "b.yaml:12: 'www.fake.example' lies in the look-alike 'fake.example' of vendor 'a' (a.yaml)"
    )


def test_a_vendor_has_one_file(folder_of: Callable[..., Path], vendor_text: Callable[..., str]) -> None:
    """Two files for one vendor are refused; the first is named."""
    folder = folder_of(a=vendor_text("a", ["suffix a.example"]), b=vendor_text("a", ["suffix b.example"]))
    assert failure(folder) == "b.yaml:1: vendor 'a' is already described in a.yaml"


@pytest.mark.parametrize(
    ("locations", "message"),
    [
        (
            "locations: {Zurich: {city: Z, country: CH, latitude: 0, longitude: 0}}",
            "1: 'Zurich' is not an identifier",
        ),
        (
            "locations: {unknown: {city: Z, country: CH, latitude: 0, longitude: 0}}",
            "1: 'unknown' is reserved",
        ),
        (
            "locations: {a: {city: Z, country: che, latitude: 0, longitude: 0}}",
            "1: 'che' is not a country code",
        ),
        (
            "locations: {a: {city: Z, country: CH, latitude: 91, longitude: 0}}",
            "1: '91' is not a number from -90 to 90",
        ),
        (
            "locations: {a: {city: Z, country: CH, latitude: nan, longitude: 0}}",
            "1: 'nan' is not a number from -90 to 90",
        ),
        ("locations: {a: {city: Z, country: CH, longitude: 0}}", "1: key 'latitude' is missing"),
        (
            "locations: {}\ngroups:\n  DE: {title: T, members: []}",
            "3: 'DE' is a country code; choose another name for the group",
        ),
        ("locations: {}\ngroups: {EU: [AT]}", "2: expected keys and values"),
        (
            "locations: {}\ngroups: {EU: {title: EU, members: [{countries: [XX]}]}}",
            "2: 'XX' is not a country code",
        ),
        ("locations: {}\ngroups: {A: {title: A, members: [B]}}", "2: no group 'B' above this one"),
        (
            "locations: {}\ngroups:\n  A:\n    title: A\n    members:\n"
            "    - {countries: [DE], from: 2020-02-01, until: 2020-01-31}",
            "6: '2020-01-31' is before '2020-02-01', the first day",
        ),
        (
            "locations: {}\ngroups: {A: {title: A, members: [{countries: [DE], sources: [E1]}]}}",
            "2: unknown source 'E1'",
        ),
        ("groups: {}", "1: key 'locations' is missing"),
        (
            "locations:\n  a: {city: Z, country: CH, latitude: 0, longitude: 0}\n"
            "  b: {city: Y, country: CH, latitude: 0, longitude: 0, aliases: [Z]}",
            "3: 'Z' is already a spelling of location 'a'",
        ),
    ],
)
def test_locations_are_read_as_strictly(
    locations: str, message: str, folder_of: Callable[..., Path], vendor_text: Callable[..., str]
) -> None:
    """`locations.yaml` is checked like a vendor file."""
    folder = folder_of(locations=locations, a=vendor_text("a", ["suffix a.example"]))
    assert failure(folder).startswith(f"locations.yaml:{message}")


def test_a_folder_without_signatures_is_reported(tmp_path: Path, vendor_text: Callable[..., str]) -> None:
    """A missing folder, a folder without signatures, and one without locations are errors of one line."""
    with pytest.raises(SignatureError, match=r"nowhere: no such file or directory$"):
        load_folder(tmp_path / "nowhere")
    with pytest.raises(SignatureError, match=r"no signature files \(\*\.yaml\) in this folder$"):
        load_folder(tmp_path)
    (tmp_path / "a.yaml").write_text(vendor_text("a", ["suffix a.example"]), encoding="utf-8")
    with pytest.raises(
        SignatureError, match=r"locations\.yaml is missing; vendor files refer to its locations$"
    ):
        load_folder(tmp_path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"vendor: a\ntitle: \xff\n", ":2: the file is not UTF-8"),
        (b"vendor: a\ntitle: \x00\n", ":1: not YAML: special characters are not allowed (character 17)"),
        (b"vendor: a\n---\ntitle: b\n", ":2: not YAML: but found another document"),
        (b"vendor: *a\n", ":1: not YAML: found undefined alias 'a'"),
        (b"[" * 5000, ":1: not usable YAML: nested too deeply"),
    ],
)
def test_bytes_that_are_not_yaml(data: bytes, message: str, folder_of: Callable[..., Path]) -> None:
    """Whatever a file contains, the error has the file, a line and a reason."""
    folder = folder_of()
    (folder / "a.yaml").write_bytes(data)
    assert failure(folder) == f"a.yaml{message}"
