"""Builds a wheel that installs without Rust, on Linux with glibc 2.17 or newer (manylinux2014) or with musl.

    python3 -m deploy.package.wheel [--target TRIPLE] [--out DIR]

It needs Rust with the standard library of the target (`rustup target add TRIPLE`). maturin builds, and zig
links against the old C library; both come from PyPI, into an environment of their own. The engine uses
Python's stable ABI, so one wheel serves Python 3.11 and all later ones. Built twice from the same commit by
the same tools, it is the same file. The path of the wheel is printed.

The wheel for x86-64 with glibc is built and tested by the suite; the other targets are not.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

from deploy.package.tools import DIST, ROOT, BuildError, build_time, output_of, python_with, run, work_folder

TOOLS = ("maturin>=1.9,<2", "ziglang>=0.13")
TARGETS = {
    "x86_64-unknown-linux-gnu": "manylinux2014",
    "aarch64-unknown-linux-gnu": "manylinux2014",
    "x86_64-unknown-linux-musl": "musllinux_1_2",
    "aarch64-unknown-linux-musl": "musllinux_1_2",
}
"""What a wheel may be built for, and the platform that it promises to run on."""
TESTED = "x86_64-unknown-linux-gnu"


def build_wheel(target: str = TESTED, out: Path = DIST) -> Path:
    """Builds the wheel into a folder; returns its path. Raises BuildError."""
    installed = output_of(["rustc", "--print", "target-libdir", "--target", target]).strip()
    if not Path(installed).is_dir():
        raise BuildError(f"Rust has no standard library for {target}: rustup target add {target}")
    python = python_with("tools", *TOOLS)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix="wheel-") as fresh:
        words = ["build", "--release", "--locked", "--zig", "--target", target]
        words += ["--compatibility", TARGETS[target], "--interpreter", str(python), "--out", fresh]
        run(
            [python, "-m", "maturin", *words],
            PATH=f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            CARGO_TARGET_DIR=str(work_folder() / "target"),
            SOURCE_DATE_EPOCH=str(build_time()),
            RUSTFLAGS=_without_paths(),
        )
        [made] = Path(fresh).glob("*.whl")
        wheel = out / made.name
        without_folder(made, wheel)
    return wheel


def without_folder(made: Path, wheel: Path) -> None:
    """Writes a wheel again whose bill of materials names the engine, not the folder in which it was built."""
    old, new = f"path+file://{ROOT}/".encode(), b"path+file:///netmon/"
    record, hashes = "", {}
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(wheel, "w") as target:
        for one in source.infolist():
            content = source.read(one)
            if one.filename.endswith(".cyclonedx.json"):
                content = content.replace(old, new)
                hashes[one.filename] = f"{one.filename},{digest_of(content)},{len(content)}"
            elif one.filename.endswith(".dist-info/RECORD"):  # the last file of a wheel
                lines = content.decode().splitlines()
                content = "".join(f"{hashes.get(line.split(',')[0], line)}\n" for line in lines).encode()
                record = one.filename
            target.writestr(one, content, zipfile.ZIP_DEFLATED)
    if not (record and hashes):
        raise BuildError(f"{made.name} has no bill of materials, or no RECORD after it")


def digest_of(content: bytes) -> str:
    """A file's hash as RECORD has it."""
    return "sha256=" + urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _without_paths() -> str:
    """Flags by which messages of the engine name no folder of the machine that built it."""
    cargo = os.environ.get("CARGO_HOME") or Path.home() / ".cargo"
    renamed = {ROOT: "netmon", cargo: "cargo", output_of(["rustc", "--print", "sysroot"]).strip(): "rust"}
    return " ".join(f"--remap-path-prefix={path}={name}" for path, name in renamed.items())


def main() -> int:
    """Builds what the command line asks for."""
    parser = argparse.ArgumentParser(prog="wheel", description="Builds a wheel that installs without Rust.")
    parser.add_argument("--target", choices=sorted(TARGETS), default=TESTED)
    parser.add_argument("--out", type=Path, default=DIST)
    options = parser.parse_args()
    try:
        print(build_wheel(options.target, options.out))
    except BuildError as error:
        print(f"wheel: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
