"""`signatures/README.md` shows files that work and names every key."""

import datetime
import re
from collections.abc import Callable
from pathlib import Path

from netmon.signatures import read_rules, read_vendor
from netmon.signatures.lint import lint
from netmon.signatures.load import default_folder, load_folder
from netmon.signatures.match import compile_matcher
from netmon.signatures.model import ROLES, STATUSES
from netmon.signatures.test import run_examples

README = (default_folder() / "README.md").read_text(encoding="utf-8")


def test_the_example_vendor_loads_without_a_finding(folder_of: Callable[..., Path]) -> None:
    """A newcomer can start from the example as printed, beside the shipped locations."""
    found = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert found is not None
    locations = (default_folder() / "locations.yaml").read_text(encoding="utf-8")
    signatures = load_folder(folder_of(example=found[1], locations=locations))
    assert lint(signatures, datetime.date(2026, 11, 24)) == []
    assert all(trial.passed for trial in run_examples(signatures))
    assert compile_matcher(signatures).find_network("192.0.2.7") is not None


def test_every_key_is_explained() -> None:
    """The table of all keys has each top-level key, status, role, basis and kind of match."""
    words = (
        *read_vendor.REQUIRED,
        *read_vendor.OPTIONAL,
        *read_vendor.BASES,
        *read_vendor.SCOPES,
        *read_rules.KINDS,
        *STATUSES,
        *ROLES,
    )
    assert [word for word in words if f"`{word}`" not in README] == []
