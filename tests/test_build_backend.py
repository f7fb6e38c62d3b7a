"""On a machine without Rust, a toolchain is downloaded, or one line says what to install."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENGINE = Path(__file__).parent.parent / "engine"
MATURIN = """
def build_wheel(*arguments):
    return 'built.whl'


def get_requires_for_build_wheel(settings):
    return []
"""
REFUSED = "def setup_rust(file):\n    raise OSError('connection refused\\nand a page more')\n"


class Machine:
    """A PATH and importable packages under the control of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.has("cc", "exit 0")
        self.package("maturin", MATURIN)

    def has(self, program: str, script: str) -> None:
        """Puts a program on the PATH."""
        path = self.folder / program
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        path.chmod(0o755)

    def package(self, name: str, code: str) -> None:
        """Makes a package importable."""
        (self.folder / f"{name}.py").write_text(code, encoding="ascii")

    def run(self, call: str) -> subprocess.CompletedProcess[str]:
        """The output and the exit code of the backend."""
        environment = {**os.environ, "PATH": str(self.folder), "PYTHONPATH": f"{self.folder}:{ENGINE}"}
        words = [sys.executable, "-c", f"import build_backend; print(build_backend.{call})"]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_builds_with_a_recent_cargo(machine):
    """If cargo is new enough, maturin builds, and nothing else is required."""
    machine.has("cargo", "echo cargo 1.999.0")
    assert machine.run("build_wheel('dist')").stdout == "built.whl\n"
    assert machine.run("get_requires_for_build_wheel()").stdout == "[]\n"


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo cargo 1.63.0", "found 1.63"),
        ("echo no toolchain >&2; exit 1", "none was found"),
        (None, "none was found"),
    ],
    ids=["too_old", "rustup_without_a_toolchain", "none"],
)
def test_says_in_one_line_what_to_install(machine, script, found):
    """If cargo is missing and cannot be downloaded, one line says what to install, without a traceback."""
    if script:
        machine.has("cargo", script)
    machine.package("puccinialin", REFUSED)
    done = machine.run("build_wheel('dist')")
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    assert found in line
    assert "connection refused" in line
    assert "rustup.rs" in line
    assert "apt-get install rustc-web cargo-web" in line


def test_downloads_a_toolchain_if_there_is_none(machine):
    """Without cargo the bootstrap package is required, and its toolchain builds."""
    assert machine.run("get_requires_for_build_wheel()").stdout == "['puccinialin']\n"
    tools = machine.folder / "fetched"
    tools.mkdir()
    machine.has("fetched/cargo", "echo cargo 1.999.0")
    path = f"{tools}:{machine.folder}"
    machine.package("puccinialin", f"def setup_rust(file):\n    return {{'PATH': {path!r}}}\n")
    assert machine.run("build_wheel('dist')").stdout == "built.whl\n"


def test_requires_a_c_compiler(machine):
    """Rust without a C compiler cannot link, which one line reports."""
    machine.has("cargo", "echo cargo 1.999.0")
    (machine.folder / "cc").unlink()
    done = machine.run("build_wheel('dist')")
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    assert "C compiler" in line
