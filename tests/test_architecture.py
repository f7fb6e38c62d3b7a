"""Rules about the package that no single file shows."""

import ast
import functools
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "netmon"

# A module of the first level, whether file or folder, may import the ones named here and itself.
ALLOWED = {
    "": {"errors", "library"},  # netmon/__init__.py
    "_engine": set(),
    "countries": set(),
    "days": set(),
    "encapsulations": {"language"},
    "errors": set(),
    "exposition": set(),
    "file_version": set(),
    "language": {"countries"},
    "limits": set(),
    "quality": {"encapsulations", "language"},
    "activity": {"quality"},
    "unread": {"encapsulations", "language", "quality"},
    "records": {"language"},
    "state_file": {"errors"},
    "supervisor": set(),
    "timer": set(),
    "version": set(),
    "yaml_runs": set(),
    "yaml_nodes": {"errors", "yaml_runs"},
    "loading": set(),
    "privacy": {"days", "errors", "state_file"},
    "processing": {"config", "outputs", "privacy", "state_file"},
    "signatures": {"_engine", "countries", "errors", "language", "records", "yaml_nodes", "yaml_runs"},
    "sources": {"_engine", "days", "errors", "language", "records", "state_file"},
    "web": {"errors", "exposition", "file_version", "yaml_nodes"},
    "places": {
        "_engine",
        "countries",
        "days",
        "errors",
        "file_version",
        "language",
        "records",
        "signatures",
        "state_file",
        "yaml_nodes",
    },
    "streams": {"errors", "outputs", "state_file"},
    "verify": {"_engine", "errors", "records", "sources"},
    "config": {
        "countries",
        "errors",
        "limits",
        "places",
        "privacy",
        "records",
        "verdict",
        "web",
        "yaml_nodes",
    },
    "evidence": {
        "_engine",
        "config",
        "days",
        "errors",
        "limits",
        "outputs",
        "places",
        "privacy",
        "records",
        "signatures",
        "sources",
        "timer",
        "verdict",
        "verify",
        "version",
        "wiring",
    },
    "destinations": {"days", "places", "records", "state_file"},
    "verdict": {"countries", "days", "language", "places", "records", "signatures"},
    "explain": {"errors", "language", "places", "records", "signatures", "verdict"},
    "monitor": {
        "days",
        "destinations",
        "places",
        "records",
        "signatures",
        "verdict",
    },
    "outputs": {
        "_engine",
        "config",
        "days",
        "encapsulations",
        "errors",
        "exposition",
        "file_version",
        "language",
        "places",
        "privacy",
        "quality",
        "records",
        "signatures",
        "state_file",
        "unread",
        "verdict",
        "version",
    },
    "report": {
        "days",
        "errors",
        "language",
        "outputs",
        "places",
        "quality",
        "records",
        "signatures",
        "store",
        "unread",
        "verdict",
    },
    "library": {
        "config",
        "countries",
        "errors",
        "quality",
        "records",
        "signatures",
        "sources",
        "verdict",
        "wiring",
    },
    "privileges": {"_engine", "config", "errors", "evidence"},
    "store": {
        "config",
        "days",
        "errors",
        "file_version",
        "language",
        "outputs",
        "places",
        "privacy",
        "quality",
        "records",
        "signatures",
        "state_file",
        "timer",
    },
    "top": {"errors", "language", "outputs", "records", "store", "web"},
    "wiring": {
        "config",
        "destinations",
        "errors",
        "monitor",
        "outputs",
        "places",
        "privacy",
        "signatures",
        "sources",
        "verdict",
    },
    "sensor": {
        "activity",
        "_engine",
        "config",
        "days",
        "destinations",
        "errors",
        "evidence",
        "loading",
        "monitor",
        "outputs",
        "places",
        "privacy",
        "quality",
        "signatures",
        "sources",
        "state_file",
        "store",
        "supervisor",
        "timer",
        "version",
        "wiring",
    },
    "selftest": {
        "config",
        "exposition",
        "language",
        "outputs",
        "privacy",
        "report",
        "signatures",
        "sources",
        "store",
        "verdict",
        "wiring",
    },
    "doctor": {
        "config",
        "errors",
        "language",
        "outputs",
        "privileges",
        "quality",
        "sources",
        "verdict",
        "web",
    },
    "cli": {
        "_engine",
        "config",
        "countries",
        "days",
        "doctor",
        "errors",
        "evidence",
        "explain",
        "language",
        "outputs",
        "places",
        "privacy",
        "privileges",
        "processing",
        "quality",
        "records",
        "report",
        "selftest",
        "sensor",
        "signatures",
        "sources",
        "state_file",
        "streams",
        "store",
        "top",
        "unread",
        "verdict",
        "verify",
        "version",
        "web",
        "wiring",
    },
    "__main__": {"cli"},
}


def imports_of(path):
    """What a file imports, wherever in it: modules by their full names, and `from` imports with the name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((name.name, None) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it leads"
            yield from ((node.module, name.name) for name in node.names)


def files_of(package):
    """The files of a package: sources, and the stub of the engine."""
    return sorted(path for path in package.rglob("*.py*") if path.suffix in (".py", ".pyi"))


def find_file(package, module, name=None):
    """The package's file that an import runs: the submodule where `name` is one, else the module itself."""
    first, *rest = module.split(".")
    if first != package.name:
        return None
    for parts in ([*rest, name], rest) if name else (rest,):
        base = package.joinpath(*parts)
        for file in (base / "__init__.py", base.with_suffix(".py"), base.with_suffix(".pyi")):
            if file.is_file():
                return file
    raise AssertionError(f"no file for {module} {name or ''}")


@functools.cache  # and when a test asks: collecting the tests would read every file in each process
def graph_of(package):
    """File → the package's other files that it imports."""
    return {
        path: {
            target
            for module, name in imports_of(path)
            if (target := find_file(package, module, name)) not in (None, path)
        }
        for path in files_of(package)
    }


def find_circle(graph):
    """The nodes of a circle, each imported by the one after it; None when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return None


def first_level(path):
    first = path.relative_to(PACKAGE).parts[0].partition(".")[0]
    return "" if first == "__init__" else first


FILES = files_of(PACKAGE)
TWO = {"a.py", "b.py"}
THREE = {"a.py", "b.py", "c.py"}


def test_no_circle_of_files():
    """No file imports itself by way of others, types and imports inside functions included."""
    circle = find_circle(graph_of(PACKAGE))
    assert circle is None, " <- ".join(str(path.relative_to(PACKAGE)) for path in circle)


def test_the_table_is_one_way():
    """The table allows no circle, so neither do modules of the first level form one."""
    assert find_circle(ALLOWED) is None


def test_the_table_names_every_module():
    """The table has every module of the first level that there is, and no other."""
    assert {first_level(path) for path in FILES} == set(ALLOWED)


@pytest.mark.parametrize("module", ALLOWED)
def test_imports_are_those_of_the_table(module):
    """A module of the first level imports what the table allows, and the table allows nothing else."""
    imported = {
        first_level(target)
        for path, targets in graph_of(PACKAGE).items()
        if first_level(path) == module
        for target in targets
    }
    assert imported - {module} == ALLOWED[module]


def test_a_class_has_a_name_of_its_own():
    """No two classes of the Python code have the same name, in whatever modules they are."""
    names = Counter(
        node.name
        for path in FILES
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_extras_are_imported_lazily():
    """No module imports scapy or pyshark when it is itself imported: the extra may be missing."""
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            names = []
            if isinstance(node, ast.Import):
                names = [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            assert not any(name.partition(".")[0] in ("scapy", "pyshark") for name in names), path


@pytest.mark.parametrize(
    ("sources", "circle"),
    [
        ({"a": "import made.b", "b": ""}, None),
        ({"a": "import made.b", "b": "import made.a"}, TWO),
        (
            {"a": "from made import b", "b": "from made.c import x", "c": "import made.a"},
            {"a.py", "b.py", "c.py"},
        ),
        ({"a": "def f():\n    from made.b import x", "b": "from made import a"}, TWO),
        ({"__init__": "from made.a import x", "a": "from made import x"}, {"__init__.py", "a.py"}),
        ({"p/__init__": "", "p/a": "from made.p import b", "p/b": "from made import p"}, None),
        ({"p/__init__": "from made.p.a import x", "p/a": "from made import p"}, {"p/__init__.py", "p/a.py"}),
    ],
)
def test_circles_are_found(tmp_path, sources, circle):
    """Circles of two or three, through a function, a package's own file, or a submodule by its name."""
    package = tmp_path / "made"
    for name, text in {"__init__": "", **sources}.items():
        file = package / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    found = find_circle(graph_of(package))
    assert circle == (found and {str(path.relative_to(package)) for path in found})
