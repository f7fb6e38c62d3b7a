"""The example in `signatures/README.md` works, and its tables have every key."""

import datetime
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from netmon.errors import SignatureError
from netmon.signatures import read_rules, read_vendor
from netmon.signatures.examples import run_examples
from netmon.signatures.folder import default_folder
from netmon.signatures.lint import lint
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from netmon.signatures.model import ROLES, STATUSES

README = (default_folder() / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[0]
# libyaml, where PyYAML has it: ten times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def test_the_example_vendor_loads_without_a_warning(folder_of: Callable[..., Path]) -> None:
    """The example can be used as printed, together with the shipped locations."""
    locations = (default_folder() / "locations.yaml").read_text(encoding="utf-8")
    signatures = load_folder(folder_of(example=EXAMPLE, locations=locations))
    assert lint(signatures, datetime.date(2026, 11, 24)) == []
    assert all(result.passed for result in run_examples(signatures))
    assert compile_matcher(signatures).find_network("192.0.2.7") is not None


def test_every_key_is_explained() -> None:
    """README has each top-level key, status, role, basis, scope and kind of match."""
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


def compose(text: str) -> yaml.Node:
    return yaml.compose(text, Loader=LOADER)


def nodes_below(node: yaml.Node) -> Iterator[yaml.Node]:
    yield node
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from nodes_below(pair[0])
            yield from nodes_below(pair[1])
    elif isinstance(node, yaml.SequenceNode):
        for element in node.value:
            yield from nodes_below(element)


@pytest.mark.parametrize("other", ["~", "[word]", "{word: word}"])
def test_values_of_a_wrong_kind_are_reported(other: str, folder_of: Callable[..., Path]) -> None:
    """With any value replaced by one of another kind, the file loads or gives an error with its line."""
    count = sum(1 for _ in nodes_below(compose(EXAMPLE)))
    folder = folder_of()
    refusals = []
    for index in range(count):
        root = compose(EXAMPLE)
        node, replacement = list(nodes_below(root))[index], compose(other)
        node.__class__, node.__dict__ = replacement.__class__, replacement.__dict__
        (folder / "example.yaml").write_text(yaml.serialize(root, Dumper=DUMPER), encoding="utf-8")
        try:
            load_folder(folder)
        except SignatureError as error:
            refusals.append(str(error))
    assert len(refusals) > count // 2
    lines = [line for refusal in refusals for line in refusal.splitlines()]
    assert [line for line in lines if not re.fullmatch(r"\S+\.yaml:\d+: .+", line)] == []
