"""ARCHITECTURE.md describes the tree as it is."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
GENERATED = {"_engine.abi3.so", "__pycache__", "target", "corpus", "artifacts"}
NOT_MODULES = {"__init__.py", "py.typed", "data", "lib.rs", "address", "monitor", "sensor", "shares"}
"""Package markers, data, the crate's root, and what belongs to the file of the same name."""


def first_column(heading):
    """The names in the first column of the table below a heading."""
    section = PAGE.partition(f"\n## {heading}")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \|", section, flags=re.MULTILINE)
    return [name.rstrip("/") for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def names_in(folder):
    """The names in a folder, apart from what a build leaves there."""
    return {path.name for path in (ROOT / folder).iterdir()} - GENERATED - NOT_MODULES


@pytest.mark.parametrize(
    ("heading", "folder"), [("engine/src (Rust)", "engine/src"), ("netmon/ (Python)", "netmon")]
)
def test_a_table_names_every_module_once(heading, folder):
    """The table has each file and folder of the first level, each once, and nothing else."""
    named = first_column(heading)
    assert sorted(named) == sorted(set(named))
    assert set(named) == names_in(folder)


def test_modules_of_the_engine_are_in_the_order_of_their_layers():
    """The table's order is that of the layers that the engine's own test enforces."""
    source = (ROOT / "engine/tests/architecture/main.rs").read_text(encoding="utf-8")
    layers = re.search(r"const LAYERS[^=]*= &\[(.*?)\n\];", source, flags=re.DOTALL)[1]
    layer_of = {
        name.partition("/")[0]: number
        for number, line in enumerate(layers.splitlines())
        for name in re.findall(r'"([^"]+)"', line)
    }
    shown = [layer_of[name.removesuffix(".rs")] for name in first_column("engine/src (Rust)")[3:]]
    assert shown == sorted(shown)


def test_every_folder_of_the_repository_is_described():
    """A newcomer finds each top-level folder on the page."""
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {path.partition("/")[0] for path in listing.splitlines() if "/" in path}
    described = {name.partition("/")[0] for name in ("engine", "netmon", *first_column("Everything else"))}
    assert {folder for folder in folders if not folder.startswith(".")} <= described


@pytest.mark.parametrize(
    "path",
    sorted({path for path in re.findall(r"`([\w.]+(?:/[\w.]+)+/?)`", PAGE) if not path.startswith("/")}),
)
def test_paths_on_the_page_exist(path):
    """A path is written from the top of the repository, or from the package that its table is about."""
    assert any((ROOT / start / path).exists() for start in ("", "netmon", "engine/src"))


def test_the_page_is_one_page():
    """It has at most a thousand words."""
    assert len(PAGE.split()) <= 1000
