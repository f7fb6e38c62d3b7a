"""The Rust half, tested from here so that one command tests everything."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.machine import need

ENGINE = Path(__file__).parent.parent / "engine"
FUZZ_SECONDS = "5"  # for each target; a longer run is `engine/fuzz/run SECONDS`


def run(*words):
    done = subprocess.run(words, cwd=ENGINE, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def need_cargo(*subcommand):
    """Skips the test if this machine's Rust lacks a component: Debian packages neither fmt nor clippy."""
    if shutil.which("cargo") is None:
        pytest.skip("needs cargo on PATH (the build may have fetched its own)")
    if subprocess.run(["cargo", *subcommand, "--version"], capture_output=True, check=False).returncode:
        pytest.skip(f"needs cargo {' '.join(subcommand)}: rustup component add rustfmt clippy")


def test_formatted():
    """The code is formatted by rustfmt."""
    need_cargo("fmt")
    run("cargo", "fmt", "--check")


@pytest.mark.slow
def test_clippy():
    """Clippy reports no warning for any target."""
    need_cargo("clippy")
    run("cargo", "clippy", "--all-targets", "--", "-D", "warnings")


@pytest.mark.slow
def test_unit_tests():
    """The crate's own tests pass, without Python."""
    need_cargo()
    assert "test result: ok" in run("cargo", "test", "--no-default-features")


def test_every_parser_has_a_fuzz_target_with_seeds():
    """Each public parser of the wire modules is called by a target; each target is built and has seeds."""
    targets = {path.stem: path.read_text(encoding="utf-8") for path in (ENGINE / "fuzz/targets").glob("*.rs")}
    wire = "".join(path.read_text(encoding="utf-8") for path in (ENGINE / "src/wire").glob("*.rs"))
    parsers = set(re.findall(r"^pub fn (parse_\w+|decode|crypto_frames|initials)\b", wire, re.MULTILINE))
    called = set(re.findall(r"\w+", " ".join(targets.values())))
    assert len(parsers) > 10
    assert parsers - called == set()
    manifest = (ENGINE / "fuzz/Cargo.toml").read_text(encoding="utf-8")
    built = re.findall(r'^path = "targets/(\w+)\.rs"', manifest, re.MULTILINE)
    assert sorted(built) == sorted(targets) == sorted(path.name for path in (ENGINE / "fuzz/seeds").iterdir())
    assert all(any((ENGINE / "fuzz/seeds" / target).iterdir()) for target in targets)


@pytest.mark.slow
def test_parsers_survive_fuzzing():
    """Every parser target survives a short run on mutated seeds."""
    need_cargo()
    need("c++")  # libFuzzer is written in it
    run("fuzz/run", FUZZ_SECONDS)
