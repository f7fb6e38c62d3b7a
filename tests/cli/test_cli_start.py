"""What a start of netmon imports: everything that takes long is left to the commands that need it."""

import signal
import subprocess
import sys

import pytest

from netmon.cli.app import app
from netmon.cli.commands import Deferred
from tests.craft import golden

CAPTURE = str(golden.FOLDER / "http_host" / "input.pcap")
PARSER = {"click"}
READING = PARSER | {"msgspec", "typing_extensions"}  # msgspec imports the latter if it is there
OWN = {"netmon.cli", "netmon.errors", "netmon.version"}
STARTS = {
    "version": (["--version"], set(), OWN),
    "help": (["--help"], PARSER, OWN),
    "read": (["read", CAPTURE], READING, None),
    "read --json": (["read", "--json", CAPTURE], READING, None),
}
"""Words, the packages of others that they may import, and those of netmon if they are few."""
SLOW = {"asyncio", "ctypes", "email", "http", "multiprocessing", "sqlite3", "ssl", "unittest", "xml"}
"""Packages of Python."""


def imported(environment, folder, words, **more):
    """The modules that a start imports."""
    program = "from netmon.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program, *words],
        env={**environment, **more},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines[1:]}


def of_others(modules):
    """The packages that are neither Python's nor netmon's."""
    tops = {module.split(".")[0] for module in modules}
    own = {"netmon", "sitecustomize", "org"}  # "org": Java's modules, which Python's copy looks for
    return {top for top in tops if top not in sys.stdlib_module_names | own and not top.startswith("_")}


@pytest.mark.parametrize(("words", "others", "own"), STARTS.values(), ids=STARTS)
def test_a_start_imports_only_what_it_needs(environment, tmp_path, words, others, own):
    """Neither the web server nor metrics, passwords, pages, databases and asyncio."""
    if "read" in words:
        imported(environment, tmp_path, words)  # the first reading keeps the signatures, which are YAML
    found = imported(environment, tmp_path, words)
    assert of_others(found) <= others
    if words != ["--version"]:  # which has its version from the metadata of the package, in the form of mail
        assert {module.split(".")[0] for module in found} & SLOW == set()
    unneeded = (
        "netmon.web.server",
        "netmon.report",
        "netmon.sensor",
        "netmon.sources.scapy_source",
        "rich.progress",
    )
    assert not any(module.startswith(unneeded) for module in found)
    if own is not None:
        assert {".".join(one.split(".")[:2]) for one in found if one.startswith("netmon.")} == own


COMPILED = """
import sys
from dataclasses import is_dataclass
from netmon.cli import main
try:
    main()
except SystemExit:
    pass
for name, module in list(sys.modules.items()):
    for one in vars(module).values() if name.startswith("netmon.") else ():
        if isinstance(one, type) and is_dataclass(one) and one.__module__ == name:
            print("dataclass:", one)
"""


def test_a_reading_makes_no_dataclass(environment, tmp_path):
    """Python compiles the methods of one at every start: a Struct takes a tenth of the time."""
    done = subprocess.run(
        [sys.executable, "-c", COMPILED, "read", CAPTURE],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "all packets" in done.stdout
    assert "dataclass:" not in done.stdout


def test_completion_of_commands_imports_none_of_them(environment, tmp_path):
    """A shell asks at every press of the tab key."""
    asked = {"_NETMON_COMPLETE": "bash_complete", "COMP_WORDS": "netmon re", "COMP_CWORD": "1"}
    found = imported(environment, tmp_path, [], **asked)
    assert of_others(found) <= PARSER
    assert {".".join(one.split(".")[:2]) for one in found if one.startswith("netmon.")} == OWN
    assert "netmon.cli.options" not in found  # which nearly all of them import


def test_completion_of_options_imports_their_command_alone(environment, tmp_path):
    """What the command does is not needed."""
    asked = {"_NETMON_COMPLETE": "bash_complete", "COMP_WORDS": "netmon read --co", "COMP_CWORD": "2"}
    found = imported(environment, tmp_path, [], **asked)
    assert of_others(found) <= READING
    assert "netmon.cli.options" in found
    assert found & {"netmon.cli.capture_reading", "netmon.config.settings", "netmon._engine"} == set()


@pytest.mark.parametrize("name", [one.name for one in app.commands.values() if isinstance(one, Deferred)])
def test_a_command_is_found_under_its_name(name):
    """The one that is imported has the name under which it is listed."""
    assert app.commands[name].load().name == name


INTERRUPTED = """
import importlib, os, signal, netmon.cli
load = importlib.import_module
def interrupted(name):
    os.kill(os.getpid(), signal.SIGINT)
    return load(name)
importlib.import_module = interrupted
netmon.cli.main()
"""
"""A start during which Ctrl-C is pressed while the command's module is imported."""


@pytest.mark.parametrize(("handler", "code"), [("SIG_DFL", -signal.SIGINT), ("SIG_IGN", 0)])
def test_an_interrupt_during_the_start_is_silent(environment, tmp_path, handler, code):
    """The signal ends the process, which a shell shows as 130; what a script ignores stays ignored."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, "read", CAPTURE],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, getattr(signal, handler)),
    )
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert bool(done.stdout) == (code == 0)
