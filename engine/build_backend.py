"""Build netmon with maturin, after ensuring that a Rust toolchain is available.

maturin can download a toolchain if cargo is missing (through puccinialin, which installs rustup), but it
ends with a long traceback if the download fails. This backend (PEP 517, PEP 660) checks first, tries the same
download, and otherwise ends with one line that says what to install.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import maturin

CARGO_TOML = Path(__file__).with_name("Cargo.toml")
COMPILERS = ("cc", "gcc", "clang")  # Rust links through the system's C compiler
ADVICE = "install it from https://rustup.rs, or on Debian 12: apt-get install rustc-web cargo-web"

Settings = Mapping[str, Any] | None


def _needed_version() -> tuple[int, ...]:
    package = tomllib.loads(CARGO_TOML.read_text(encoding="utf-8"))["package"]
    return tuple(int(part) for part in package["rust-version"].split("."))


def _cargo_version() -> tuple[int, ...] | None:
    """The version of the cargo on PATH; None if there is no working cargo."""
    cargo = shutil.which("cargo")
    if cargo is None:
        return None
    # A rustup without a toolchain provides a cargo that only prints an error.
    answer = subprocess.run([cargo, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"cargo (\d+)\.(\d+)", answer.stdout)
    return tuple(int(part) for part in found.groups()) if found and answer.returncode == 0 else None


def _is_ready() -> bool:
    version = _cargo_version()
    return version is not None and version >= _needed_version()


def _fail(line: str) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.write(f"\nnetmon: {line}\n")
    sys.exit(1)


def _bootstrap() -> None:
    """Download a toolchain and put it on PATH; passes on any error."""
    import puccinialin  # noqa: PLC0415 - required only if cargo is missing

    # Its progress on stderr would hide the error message.
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        kept, sys.stderr = sys.stderr, io.StringIO()
        try:
            os.environ.update(puccinialin.setup_rust(file=nowhere))
        finally:
            sys.stderr = kept


def _make_ready() -> None:
    """Ensure a usable cargo and C compiler on PATH, or end the build with a message of one line."""
    if not _is_ready():
        needed = ".".join(str(part) for part in _needed_version())
        version = _cargo_version()
        found = "none was found" if version is None else "found " + ".".join(str(part) for part in version)
        try:
            _bootstrap()
        except Exception as error:  # noqa: BLE001 - the message is the same for every error
            reason = str(error).strip().splitlines() or [""]
            _fail(
                f"the engine needs Rust {needed} or newer ({found}; fetching it failed: "
                f"{type(error).__name__} {reason[0]}): {ADVICE}"
            )
        if not _is_ready():
            _fail(f"the engine needs Rust {needed} or newer ({found}): {ADVICE}")
    if not any(shutil.which(name) for name in COMPILERS):
        _fail("Rust needs a C compiler to link with: install gcc (on Debian: apt-get install gcc libc6-dev)")


def _requirements(of_maturin: Callable[[Settings], list[str]], settings: Settings) -> list[str]:
    wanted = set(of_maturin(settings))
    return sorted(wanted if _is_ready() else wanted | {"puccinialin"})


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """The build requirements: those of maturin, and the toolchain download if cargo is missing."""
    return _requirements(maturin.get_requires_for_build_wheel, config_settings)


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """The same for an editable install."""
    return _requirements(maturin.get_requires_for_build_editable, config_settings)


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    """The same for a source distribution."""
    return _requirements(maturin.get_requires_for_build_sdist, config_settings)


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Settings = None) -> str:
    """Write the metadata of the wheel; returns the name of its directory."""
    _make_ready()
    return maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings)


def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: Settings = None) -> str:
    """Write the metadata of an editable install; returns the name of its directory."""
    _make_ready()
    return maturin.prepare_metadata_for_build_editable(metadata_directory, config_settings)


def build_wheel(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel; returns its file name."""
    _make_ready()
    return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel of an editable install; returns its file name."""
    _make_ready()
    return maturin.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Build the source distribution; returns its file name."""
    _make_ready()
    return maturin.build_sdist(sdist_directory, config_settings)
