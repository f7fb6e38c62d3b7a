"""The live sensor's threads under AddressSanitizer and ThreadSanitizer, where a nightly Rust has them.

Interfaces come and go while other threads poll, reload and read counters (`engine/tests/live.rs`). Later runs
reuse what the first one has built outside of the checkout.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.machine import ROOT, cache, need

pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.reuse("engine", "tests/test_sanitizers.py", "tests/machine.py"),
]

ENGINE = ROOT / "engine"


def nightly(program, *words):
    """What a program of the nightly toolchain prints; skips the test if there is none."""
    if shutil.which(program) is None:
        pytest.skip(f"needs {program} on PATH")
    done = subprocess.run([program, "+nightly", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("needs a nightly Rust: rustup toolchain install nightly")
    return done.stdout.strip()


def run(sanitizer, *options):
    """The result of the live tests with this sanitizer."""
    platform = re.search(r"^host: (.*)$", nightly("rustc", "-vV"), re.MULTILINE)[1]
    settings = {
        "RUSTFLAGS": f"-Zsanitizer={sanitizer}",
        "CARGO_TARGET_DIR": str(cache("cargo-sanitizers")),
    }
    command = [
        "cargo",
        "+nightly",
        "test",
        "--locked",
        "--no-default-features",
        "--target",
        platform,
        *options,
    ]
    done = subprocess.run(
        [*command, "--test", "live", "--", "--ignored"],
        cwd=ENGINE,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-8000:]
    return done.stdout


def test_no_access_outside_of_memory():
    """AddressSanitizer reports nothing: no use after a ring is unmapped, no overflow, no leak."""
    need("ip")
    assert re.search(r"test result: ok\. [1-9][0-9]* passed; 0 failed", run("address"))


def test_no_data_race():
    """ThreadSanitizer reports nothing. It needs the standard library's source, to instrument that as well."""
    need("ip")
    library = Path(nightly("rustc", "--print", "sysroot"), "lib/rustlib/src/rust/library/Cargo.lock")
    if not library.exists():
        pytest.skip("needs rust-src: rustup component add rust-src --toolchain nightly")
    assert re.search(r"test result: ok\. [1-9][0-9]* passed; 0 failed", run("thread", "-Zbuild-std"))
