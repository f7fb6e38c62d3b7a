"""Builds a Debian package: netmon in a Python environment of its own, with unit, user, manual and completion.

    python3 -m deploy.package.debian --wheel FILE [--debian 12] [--out DIR]

It needs dpkg-deb, and no rights: the environment is laid out from wheels, those of
`deploy/debian/requirements.txt` with their hashes, for the Python of that Debian. The path of the package is
printed.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import re
import shutil
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from deploy.package.copyright import copyright_file
from deploy.package.tools import DIST, ROOT, BuildError, build_time, output_of, python_with, run

SOURCES = ROOT / "deploy" / "debian"
REQUIREMENTS = SOURCES / "requirements.txt"
RELEASES = {"12": "3.11", "13": "3.13"}
"""The Python of each Debian."""
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
HOME = Path("usr/lib/netmon")
MAINTAINER = "The netmon developers <netmon@netmon.example>"
MANUAL = {
    "netmon.service": "netmon-run",
    "netmon.socket": "netmon-run",
    "netmon-forward.service": "netmon-forward",
}
"""The units, and the manual page of what each starts."""
EXAMPLES = ("netmon.logrotate", "clickhouse.sql")
COMPLETION = {
    "bash": "usr/share/bash-completion/completions/netmon",
    "zsh": "usr/share/zsh/vendor-completions/_netmon",
    "fish": "usr/share/fish/vendor_completions.d/netmon.fish",
}
CONTROL = """\
Package: netmon
Version: {version}
Architecture: amd64
Maintainer: {maintainer}
Installed-Size: {size}
Depends: {depends}
Suggests: tshark, logrotate
Section: net
Priority: optional
Homepage: https://netmon.example/
Description: sensor that shows where traffic to a vendor's cloud ends
 netmon is a passive network sensor. It finds the connections that a vendor's
 products open to their cloud, shows in which country each one ends and how
 certain that is, and compares the result with what the vendor has promised.
 It reads capture files, or watches mirror ports and serves metrics.
"""


DEPENDS = (
    "python3 (>= {python})",
    "python3 (<< {next_python})",
    "libc6 (>= 2.17)",
    "libpcap0.8",
    "procps",
    "systemd | systemd-standalone-sysusers",
    "systemd | systemd-standalone-tmpfiles",
)


def build_package(wheel: Path, debian: str, out: Path) -> Path:
    """Builds the package into a folder; returns its path. Raises BuildError."""
    if shutil.which("dpkg-deb") is None:
        raise BuildError("dpkg-deb is needed and was not found: apt-get install dpkg")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="netmon-deb-") as name:
        tree = Path(name)
        tree.chmod(0o755)
        version = debian_version(debian)
        _lay_out(tree, wheel.resolve(), RELEASES[debian], version)
        _describe(tree, RELEASES[debian], version)
        target = out / f"netmon_{version}_amd64.deb"
        words = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(target)]
        run(words, SOURCE_DATE_EPOCH=str(build_time()))
    return target


def debian_version(debian: str) -> str:
    """The version of the package: that of the engine, for a Debian; a candidate sorts before its release."""
    package = tomllib.loads((ROOT / "engine" / "Cargo.toml").read_text(encoding="utf-8"))["package"]
    return f"{package['version'].replace('-', '~')}-1+deb{debian}"


def unit_of_package(text: str, manual: str) -> str:
    """A unit of `deploy/` for the package: its program, its manual, and a user that is there already."""
    text = text.replace("/opt/netmon/bin/netmon", "/usr/bin/netmon")
    text = text.replace("netmon in a virtual environment in /opt/netmon", "the package netmon")
    text = text.replace("/var/lib/private/netmon", "/var/lib/netmon")
    text = re.sub(r"^(User=netmon\n)?DynamicUser=yes$", "User=netmon\nGroup=netmon", text, flags=re.MULTILINE)
    return re.sub(r"^(Description=.*)$", rf"\1\nDocumentation=man:{manual}(1)", text, flags=re.MULTILINE)


def _lay_out(tree: Path, wheel: Path, python: str, version: str) -> None:
    """Puts every file at its place below a folder."""
    packages = HOME / "lib" / f"python{python}" / "site-packages"
    _make_environment(tree, packages, wheel, python)
    for name, manual in MANUAL.items():
        unit = (ROOT / "deploy" / name).read_text(encoding="utf-8")
        _write(tree / "usr/lib/systemd/system" / name, unit_of_package(unit, manual))
    for source, target in (
        ("sysusers.conf", "usr/lib/sysusers.d/netmon.conf"),
        ("tmpfiles.conf", "usr/lib/tmpfiles.d/netmon.conf"),
        ("netmon.yaml", "etc/netmon/netmon.yaml"),
        ("lintian-overrides", "usr/share/lintian/overrides/netmon"),
    ):
        _write(tree / target, (SOURCES / source).read_text(encoding="utf-8"))
    documents = tree / "usr/share/doc/netmon"
    _write(documents / "netmon.yaml", (ROOT / "netmon.yaml").read_text(encoding="utf-8"))
    for name in EXAMPLES:
        _write(documents / "examples" / name, (ROOT / "deploy" / name).read_text(encoding="utf-8"))
    _write(documents / "copyright", copyright_file(tree / packages, str(packages)))
    _compress(documents / "changelog.gz", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    _compress(documents / "changelog.Debian.gz", _changelog(version))
    _write_help(tree, wheel)
    for folder in (tree / packages).glob("*.dist-info"):
        _settle(folder)


def _install(wheel: Path, packages: Path, python: str) -> None:
    """Puts netmon and what it requires into a folder, for a version of Python, from wheels only."""
    pip = [str(python_with("pip", "pip>=24")), "-m", "pip", "install", "--quiet", "--no-compile"]
    options = ["--target", str(packages), "--only-binary", ":all:"]
    options += ["--python-version", python, "--implementation", "cp"]
    options += [word for one in PLATFORMS for word in ("--platform", one)]
    run([*pip, *options, "--require-hashes", "--requirement", str(REQUIREMENTS)])
    run([*pip, *options, "--no-deps", "--upgrade", str(wheel)])
    shutil.rmtree(packages / "bin")


def _make_environment(tree: Path, packages: Path, wheel: Path, python: str) -> None:
    """A virtual environment as `venv` makes it, with the packages of its Python."""
    _install(wheel, tree / packages, python)
    home = f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {python}\n"
    _write(tree / HOME / "pyvenv.cfg", home)
    program = tree / HOME / "bin" / "netmon"
    _write(program, (SOURCES / "netmon").read_text(encoding="utf-8"))
    program.chmod(0o755)
    program.with_name("python3").symlink_to(f"../../../bin/python{python}")
    (tree / "usr/bin").mkdir()
    (tree / "usr/bin/netmon").symlink_to("../lib/netmon/bin/netmon")


def _write_help(tree: Path, wheel: Path) -> None:
    """The manual pages and the completion of shells, as netmon tells them to the Python that runs this."""
    with tempfile.TemporaryDirectory() as folder:
        packages, pages = Path(folder, "packages"), Path(folder, "pages")
        pages.mkdir()
        _install(wheel, packages, "{}.{}".format(*sys.version_info))
        run([sys.executable, "-m", "deploy.package.manual", packages, pages])
        for path in pages.iterdir():
            text = path.read_text(encoding="utf-8")
            _compress(tree / "usr/share/man/man1" / f"{path.name}.gz", text)
        program = f"import sys; sys.path.insert(0, {str(packages)!r}); from netmon.cli import main; main()"
        for shell, place in COMPLETION.items():
            words = [sys.executable, "-c", program, "completion", shell]
            _write(tree / place, output_of(words, {"PYTHONDONTWRITEBYTECODE": "1"}))


def _settle(folder: Path) -> None:
    """What pip notes about an installation is dpkg's to know, and where a file came from is nobody's."""
    for name in ("RECORD", "REQUESTED", "direct_url.json"):
        (folder / name).unlink(missing_ok=True)
    _write(folder / "INSTALLER", "dpkg\n")


def _describe(tree: Path, python: str, version: str) -> None:
    """The control files: dependencies, hashes, configuration files, maintainer scripts."""
    _tidy(tree)
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    sums = (f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n" for path in files)
    size = sum(-(-path.stat().st_size // 1024) for path in files)
    major, minor = python.split(".")
    depends = ", ".join(DEPENDS).format(python=python, next_python=f"{major}.{int(minor) + 1}")
    control = CONTROL.format(version=version, maintainer=MAINTAINER, size=size, depends=depends)
    folder = tree / "DEBIAN"
    _write(folder / "md5sums", "".join(sums))
    _write(folder / "control", control)
    etc = sorted(path.relative_to(tree) for path in (tree / "etc").rglob("*") if path.is_file())
    _write(folder / "conffiles", "".join(f"/{path}\n" for path in etc))
    for name in ("postinst", "prerm", "postrm"):
        _write(folder / name, (SOURCES / name).read_text(encoding="utf-8"))
        (folder / name).chmod(0o755)


def _tidy(tree: Path) -> None:
    """Gives every file the rights that it has in a package, whatever those of the builder are."""
    for path in tree.rglob("*"):
        if path.name == "__pycache__":
            shutil.rmtree(path)
        elif not path.is_symlink():
            is_program = path.is_dir() or path.parent == tree / HOME / "bin"
            path.chmod(0o755 if is_program else 0o644)


def _changelog(version: str) -> str:
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(build_time()))
    lines = (
        f"netmon ({version}) stable; urgency=medium",
        "  * See changelog.gz.",
        f" -- {MAINTAINER}  {date}",
    )
    return "\n\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _compress(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def main() -> int:
    """Builds what the command line asks for."""
    parser = argparse.ArgumentParser(prog="debian", description="Builds a Debian package from a wheel.")
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--debian", choices=sorted(RELEASES), default="12")
    parser.add_argument("--out", type=Path, default=DIST)
    options = parser.parse_args()
    os.umask(0o022)
    try:
        print(build_package(options.wheel, options.debian, options.out))
    except BuildError as error:
        print(f"debian: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
