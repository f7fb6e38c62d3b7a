"""The compiled kernel sieve is what its source says."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.machine import need

FOLDER = Path(__file__).parents[1] / "engine" / "bpf"


def line(pattern):
    """The only line of the README that matches; its group."""
    [found] = re.findall(pattern, (FOLDER / "README.md").read_text(), re.MULTILINE)
    return found


def test_the_object_is_that_of_its_readme():
    """The object is the one whose SHA-256 is documented, which needs no compiler to see."""
    digest = line(r"^([0-9a-f]{64})  sieve\.o$")
    assert hashlib.sha256((FOLDER / "sieve.o").read_bytes()).hexdigest() == digest


@pytest.mark.slow
def test_the_command_in_its_readme_makes_the_object(tmp_path):
    """The documented command, with the documented compiler, makes the committed object byte by byte."""
    compiler, *words = line(r"^\$ (clang.*)$").split()
    need(compiler)
    source = tmp_path / "sieve.c"
    shutil.copy(FOLDER / "sieve.c", source)
    subprocess.run([compiler, *words], cwd=tmp_path, check=True)
    assert (tmp_path / "sieve.o").read_bytes() == (FOLDER / "sieve.o").read_bytes()
