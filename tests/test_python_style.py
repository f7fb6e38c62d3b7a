"""The rules for the code: ruff, mypy strict, and the project's own."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST_FILE = 400
CODE = sorted(
    path
    for folder in ("netmon", "grafana", "deploy", "tests", "engine")
    for suffix in ("*.py", "*.rs")
    for path in (ROOT / folder).rglob(suffix)
    if "target" not in path.parts
)
TESTS = [path for path in CODE if path.suffix == ".py" and path.name.startswith("test_")]


def _id(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("words", [["ruff", "check", "."], ["mypy"]], ids=["ruff", "mypy"])
def test_checker_reports_no_warnings(words):
    """Ruff on everything and mypy on the package, as configured in pyproject.toml, report nothing."""
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_are_short():
    """No source file is longer than the limit for one idea."""
    long = {_id(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE} == {}


def test_vendors_are_data():
    """No vendor's name is in the code: a vendor is a signature file."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "signatures").glob("*.yaml")]
    vendors = {name for text in texts for name in re.findall(r"^vendor: *(\w+)", text, re.MULTILINE)}
    assert vendors
    code = [path for path in CODE if path.parts[len(ROOT.parts)] in ("netmon", "grafana", "deploy", "engine")]
    named = {
        _id(path) for path in code if any(v in path.read_text(encoding="utf-8").lower() for v in vendors)
    }
    assert named == set()


@pytest.mark.parametrize("path", TESTS, ids=_id)
def test_every_test_states_its_behaviour(path):
    """Each test function has a docstring that states what it checks."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    undocumented = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert undocumented == []
