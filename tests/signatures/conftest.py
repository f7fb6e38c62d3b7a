"""Folders of signatures for single tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.signatures.model import SignatureSet

HERE = Path(__file__).parent

VENDOR = """\
vendor: {vendor}
title: {vendor}
sources:
  A: {{trust: official, ref: page, about: page}}
components:
  web:
    title: Web
    function: web site
    data: visits
    sources: [A]
    names:
{names}
    expectations:
      - {{basis: none}}
{rest}
"""


@pytest.fixture
def vendor_text() -> Callable[..., str]:
    """The text of a small vendor file, with names given as "exact example.com"."""

    def write(vendor: str, names: list[str], rest: str = "") -> str:
        lines = []
        for name in names:
            kind, _, text = name.partition(" ")
            lines.append(f"      - {{{kind}: '{text}', status: official, sources: [A]}}")
        return VENDOR.format(vendor=vendor, names="\n".join(lines), rest=rest)

    return write


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[..., Path]:
    """A folder with the given files, and with the tests' locations unless others are given."""

    def make(**files: str) -> Path:
        locations = (HERE / "locations.yaml").read_text(encoding="utf-8")
        for name, text in {"locations": locations, **files}.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return make


@pytest.fixture(scope="session")
def shipped() -> SignatureSet:
    """The signatures that come with netmon."""
    return load_folder(default_folder())
