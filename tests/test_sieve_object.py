"""The compiled kernel sieve is what its source says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "engine" / "bpf"


def test_the_command_in_its_readme_makes_the_object(tmp_path):
    """The documented command, with the documented compiler, makes the committed object byte by byte."""
    [command] = re.findall(r"^\$ (clang.*)$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    compiler, *words = command.split()
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    source = tmp_path / "sieve.c"
    shutil.copy(FOLDER / "sieve.c", source)
    subprocess.run([compiler, *words], cwd=tmp_path, check=True)
    assert (tmp_path / "sieve.o").read_bytes() == (FOLDER / "sieve.o").read_bytes()
