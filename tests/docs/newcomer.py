"""A newcomer's machine: a clean home, in which the installation block of README is followed to the letter.

From the environment of the tests it has Python, Rust and the settings for the package index, and nothing
else. As root, commands run in a mount namespace with a private copy of /etc, /opt and /var/lib, so that a
block can install a service or provision Grafana. Root's home is a private folder there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.docs.blocks import ROOT, Block
from tests.machine import cache, need, one_at_a_time

SOURCE = "https://netmon.example/netmon.git"  # as README has it
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
SECURE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The PATH that Debian's sudo gives, whatever the PATH of its caller (`secure_path` in sudoers)."""

KEPT = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "CARGO_HTTP_CAINFO")
OVERLAID = ("etc", "opt", "var/lib")
LONGEST_S = 900

OVERLAY = """
mount -t tmpfs tmpfs "$1"
shift
for folder in "$@"; do
    mkdir -p "layers/$folder/upper" "layers/$folder/work"
    layer="lowerdir=/$folder,upperdir=layers/$folder/upper,workdir=layers/$folder/work"
    mount -t overlay -o "$layer" overlay "/$folder"
done
rm -rf /var/lib/netmon  # in the private copy: a newcomer has no earlier findings
"""


class Result(NamedTuple):
    """The result of a command."""

    output: str  # standard output and standard error, as a terminal shows them
    code: int


class Newcomer:
    """The machine. `close` ends what it started."""

    def __init__(self, folder: Path) -> None:
        need("git")
        self._folder = folder
        self.home = folder / "home"
        self.checkout = self.home / "netmon"
        self._results = folder / "results"
        for path in (self.home, self._results):
            path.mkdir()
        self._environment = {"HOME": str(self.home), "LANG": "C.UTF-8", "PATH": self._make_path()}
        self._environment |= {
            name: value for name, value in os.environ.items() if name.startswith("PIP_") or name in KEPT
        }
        self._environment |= {
            "CARGO_HOME": os.environ.get("CARGO_HOME", str(Path.home() / ".cargo")),  # fetched crates
            "CARGO_TARGET_DIR": str(cache("cargo-newcomer")),  # and built ones
            # The engine need not be fast here.
            "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
            "CARGO_PROFILE_RELEASE_LTO": "false",
        }
        self._publish()
        self._holder: subprocess.Popen[str] | None = None
        if os.geteuid() == 0:
            need("sudo", "nsenter")
            self._holder = self._overlay()

    def close(self) -> None:
        """Ends the mount namespace, and the private copies with it."""
        if self._holder is not None:
            self._holder.communicate("")

    def follow(self, block: Block, network: Path | None = None) -> list[Result]:
        """The results of a block's commands, run one after the other in one shell.

        The shell starts in the checkout with the virtual environment activated; for the block that makes
        both, it starts in the home. `network` is the network namespace to run in.
        """
        names = [self._results / str(number) for number in range(len(block.commands))]
        script = self._prelude()
        for command, name in zip(block.commands, names, strict=True):
            script += f"{{ {command.text}\n}} >{name} 2>&1 </dev/null\n"
            script += f"code=$?; echo $code >{name}.code; (exit $code)\n"
        with _compiling(block):
            done = subprocess.run(
                self._words(script, network),
                env=self._environment,
                cwd=self.home,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                timeout=LONGEST_S,
            )
        assert done.stderr == "", f"{block}: {done.stderr}"
        return [
            Result(name.read_text(encoding="utf-8"), int(Path(f"{name}.code").read_text())) for name in names
        ]

    def start(self, block: Block, network: Path | None = None) -> tuple[subprocess.Popen[bytes], Path]:
        """The process of a block whose one command runs until it is stopped, and the file of its output."""
        [command] = block.commands
        output = self._results / f"running-{block.line}"
        output.write_text("", encoding="utf-8")
        script = f"{self._prelude()}exec {command.text} >{output} 2>&1\n"
        words = self._words(script, network)
        return subprocess.Popen(words, env=self._environment, cwd=self.home), output

    def _prelude(self) -> str:
        if not self.checkout.exists():
            return ""
        return f"cd {self.checkout}\n. venv/bin/activate\n"

    def _words(self, script: str, network: Path | None) -> list[str]:
        enter = []
        if self._holder is not None:
            enter = ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt"]
            enter += [] if network is None else [f"--net={network}"]
            enter += [f"--wd={self.home}"]
        return [*enter, "bash", "-c", script]

    def _make_path(self) -> str:
        """The PATH of a user, with what README requires: the Python of the tests, and Rust if installed."""
        programs = self._folder / "programs"
        programs.mkdir()
        python = programs / "python3"
        python.write_text(f'#!/bin/sh\nexec {sys._base_executable} "$@"\n', encoding="ascii")
        python.chmod(0o755)
        path = [str(programs), *SYSTEM_PATH.split(":")]
        if shutil.which("rustc"):  # the toolchain itself: the proxies of rustup would look for it in the home
            words = ["rustc", "--print", "sysroot"]
            done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
            path.append(f"{done.stdout.strip()}/bin")
        return ":".join(path)

    def _publish(self) -> None:
        """Makes a repository of this checkout's files, and has git use it for the address in README."""
        source = self._folder / "source"
        for name in _listed():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target, follow_symlinks=False)
        git = ("git", "-c", "user.name=netmon", "-c", "user.email=netmon@netmon.example")
        for words in (
            ("init", "--quiet"),
            ("add", "--all", "--force"),
            ("commit", "--quiet", "--message=All"),
        ):
            subprocess.run([*git, *words], cwd=source, env=self._environment, check=True)
        text = f'[url "file://{source}"]\n\tinsteadOf = {SOURCE}\n'
        (self.home / ".gitconfig").write_text(text, encoding="utf-8")

    def _overlay(self) -> subprocess.Popen[str]:
        """A process that keeps the mount namespace until its standard input is closed."""
        layers = self._folder / "layers"
        layers.mkdir()
        root_home = self._folder / "root"
        root_home.mkdir()
        settle = (
            f"sed -i 's#:/root:#:{root_home}:#' /etc/passwd\n"
            # sudo drops variables; those of the package index have to remain.
            "echo 'Defaults env_keep += \"PIP_*\"' >/etc/sudoers.d/netmon-tests\n"
            "chmod 440 /etc/sudoers.d/netmon-tests\n"
        )
        script = f"set -e\ncd {self._folder}\n{OVERLAY}{settle}echo ready\nexec cat\n"
        holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", script, "sh", str(layers), *OVERLAID],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if holder.stdout.readline() != "ready\n":
            pytest.skip(f"needs overlay file systems: {holder.communicate()[1].strip()}")
        return holder


def _compiling(block: Block) -> AbstractContextManager[None]:
    """Waits for other newcomers if a block may compile: they have one folder for what was compiled."""
    is_compiling = any(" pip " in command.text for command in block.commands)
    return one_at_a_time("newcomer") if is_compiling else nullcontext()


def _listed() -> Sequence[str]:
    """The files of the repository: those that are committed, and new ones that are not ignored."""
    git = ("git", "-c", f"safe.directory={ROOT}")  # whoever owns the checkout
    words = [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"needs a git checkout: {done.stderr.strip()}")
    return [name for name in done.stdout.split("\0") if name and os.path.lexists(ROOT / name)]
