"""The house's rules that a reader cannot see in a single file."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "netmon"

# A room may import from the rooms named here, and from itself.
ALLOWED = {
    "records": set(),
    "errors": set(),
    "_engine": set(),
    "yaml_nodes": set(),
    "days": set(),
    "privacy": {"errors", "days"},
    "signatures": {"records", "errors", "yaml_nodes", "_engine", ""},
    "places": {"days", "records", "errors", "signatures"},
    "policy": set(),
    "promises": {"signatures"},
    "destinations": {"days", "errors", "records", "places"},
    "verdict": {"days", "records", "signatures", "places", "policy", "promises"},
    "quality": set(),
    "supervisor": set(),
    "monitor": {"records", "signatures", "places", "destinations", "policy", "promises", "verdict"},
    "config": {"errors", "yaml_nodes", "places", "policy", "promises"},
    "sources": {"records", "errors", "_engine"},
    "outputs": {"days", "quality", "records", "errors", "privacy", "signatures", "verdict"},
    "verify": {"records", "errors", "_engine", "sources"},
    "web": {"errors", "yaml_nodes"},
    # Only the command line wires rooms together.
    "cli": {
        "",
        "_engine",
        "config",
        "days",
        "destinations",
        "errors",
        "monitor",
        "outputs",
        "places",
        "policy",
        "privacy",
        "promises",
        "quality",
        "records",
        "signatures",
        "sources",
        "supervisor",
        "verdict",
        "verify",
        "web",
        "yaml_nodes",
    },
    "__main__": {"cli"},
    "": set(),  # netmon/__init__.py
}
# Extras and heavy libraries belong to the one room that needs them; the rest of netmon runs without.
LIBRARIES = {
    "scapy": {"sources"},
    "pyshark": {"verify"},
    "typer": {"cli"},
    "rich": {"cli", "outputs"},
    "prometheus_client": {"outputs", "web"},
    "yaml": {"yaml_nodes"},
    "bcrypt": {"web"},
    "maxminddb": {"places"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path):
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imports_of(path):
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it leads"
            if node.module == "netmon":
                yield from (f"netmon.{name.name}" if _is_room(name.name) else "netmon" for name in node.names)
            else:
                yield node.module


def _is_room(name):
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file() or name == "_engine"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    """A module imports only from rooms below its own, and only libraries that are its room's business."""
    room = room_of(path)
    for module in imports_of(path):
        top, _, rest = module.partition(".")
        if top == "netmon":
            target = rest.partition(".")[0]
            assert target == room or target in ALLOWED[room], f"{room} must not import {module}"
        elif top in LIBRARIES:
            assert room in LIBRARIES[top], f"{room} must not import {module}"


def test_every_room_is_in_the_table():
    """The table above names every room there is, and no other."""
    rooms = {room_of(path) for path in MODULES} | {"_engine"}
    assert rooms - set(ALLOWED) == set()
    assert set(ALLOWED) - rooms <= {"_engine"}


def test_extras_are_imported_lazily():
    """No module imports scapy or pyshark when it is itself imported: the extra may be missing."""
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            names = []
            if isinstance(node, ast.Import):
                names = [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            assert not any(name.partition(".")[0] in ("scapy", "pyshark") for name in names), path
