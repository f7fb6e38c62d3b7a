"""The wheel: what it is made of, and that it gives README's answers where there is no Rust."""

import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from deploy.package import notices, wheel
from tests.deploy import packages
from tests.docs.blocks import all_blocks
from tests.machine import ROOT, open_folder
from tests.test_engine_crate import need_cargo

OLDEST_GLIBC = (2, 17)  # of the manylinux that its name promises
REUSE = pytest.mark.reuse(*packages.WHEEL_OF, "tests/deploy/test_deploy_wheel.py")


@pytest.fixture(scope="module")
def built():
    """The wheel."""
    return packages.wheel()


@pytest.fixture(scope="module")
def machine():
    """A machine without Rust on which it is installed."""
    with open_folder() as folder:
        one = packages.Machine(folder)
        one.follow("venv/bin/pip install")
        yield one


def shown_in_readme(start):
    """The command of README that starts like this, with the output that is shown."""
    commands = [
        command
        for block in all_blocks()
        if block.document == Path("README.md")
        for command in block.commands
        if command.text.startswith(start)
    ]
    return commands[0]


@pytest.mark.slow
def test_one_wheel_serves_every_python(built):
    """It is for the stable ABI of Python 3.11, and for any Linux with glibc 2.17."""
    assert re.fullmatch(
        r"netmon_egress-[\d.]+-cp311-abi3-manylinux2014_x86_64\.manylinux_2_17_x86_64\.whl", built.name
    )


@pytest.mark.slow
def test_it_needs_no_newer_library_than_its_name_promises(built, tmp_path):
    """auditwheel, which knows the symbols of each manylinux, finds the wheel consistent with its name."""
    audit = Path(sys.executable).with_name("auditwheel")
    if not audit.exists():
        pytest.skip("needs auditwheel (pip install auditwheel)")
    text = packages.Machine(tmp_path).run(audit, "show", built, PATH=str(audit.parent))
    assert re.search(r'consistent with the following platform tag:\s+"manylinux_2_17_x86_64"', text), text
    versions = [tuple(map(int, one.split("."))) for one in re.findall(r"'GLIBC_([\d.]+)'", text)]
    assert versions
    assert max(versions) <= OLDEST_GLIBC


@pytest.mark.slow
def test_it_contains_the_licences_of_what_is_compiled_into_it(built):
    """netmon's licence, the notices of its crates, and a bill of materials that names each of them."""
    with zipfile.ZipFile(built) as file:
        names = {name.partition(".dist-info/")[2]: name for name in file.namelist()}
        assert file.read(names["licenses/LICENSE"]) == (ROOT / "LICENSE").read_bytes()
        assert file.read(names["licenses/engine/THIRD-PARTY"]) == notices.NOTICES.read_bytes()
        materials = file.read(names["sboms/netmon-engine.cyclonedx.json"]).decode()
        assert file.testzip() is None
    for crate in notices.linked_crates():
        assert f"#{crate.name}@{crate.version}" in materials, crate.name


@pytest.mark.slow
def test_nothing_in_it_names_the_machine_that_built_it(built):
    """No file contains the path of the checkout or of the crates: builds of others are equal."""
    folders = [str(ROOT).encode(), str(Path.home() / ".cargo").encode()]
    with zipfile.ZipFile(built) as file:
        for name in file.namelist():
            content = file.read(name)
            assert not [folder for folder in folders if folder in content], name


@pytest.mark.slow
def test_the_record_is_that_of_its_files(built):
    """Every file has the size and the hash that the wheel's RECORD says, as installers check."""
    with zipfile.ZipFile(built) as file:
        [record] = [name for name in file.namelist() if name.endswith(".dist-info/RECORD")]
        lines = [line.rsplit(",", 2) for line in file.read(record).decode().splitlines()]
        assert {line[0] for line in lines} == set(file.namelist())
        for name, digest, size in lines:
            if name != record:
                content = file.read(name)
                assert (digest, int(size)) == (wheel.digest_of(content), len(content)), name


@REUSE
@pytest.mark.slow
def test_the_same_files_and_time_give_the_same_file(built, tmp_path):
    """Built a second time, it is the same, byte by byte; the time is the last commit's by default."""
    again = packages.build("wheel", tmp_path)
    assert again.name == built.name
    assert again.read_bytes() == built.read_bytes()


@pytest.mark.slow
def test_there_is_no_rust_on_the_machine(machine):
    """What the other tests rely on: neither a compiler nor cargo can be found there."""
    for program in ("cargo", "rustc", "cc", "gcc"):
        assert shutil.which(program, path=machine.environment["PATH"]) is None


@REUSE
@pytest.mark.slow
@pytest.mark.parametrize("start", ["netmon demo", "netmon read --country DE"])
def test_it_gives_the_answer_of_the_readme(machine, start):
    """Installed from the wheel, the demo and the capture show what README shows."""
    shown = shown_in_readme(start)
    shutil.copy(ROOT / "netmon" / "data" / "demo.pcap", machine.home / "office.pcap")
    words = shown.text.split()
    done = machine.try_run(machine.home / "venv" / "bin" / words[0], *words[1:])
    assert done.returncode == (0 if "demo" in words else 3), done.stderr
    assert shown.matches(done.stdout + done.stderr), done.stdout


@REUSE
@pytest.mark.slow
def test_it_passes_its_own_test(machine):
    """Installed from the wheel, netmon gives the results that come with it."""
    done = machine.try_run(machine.home / "venv" / "bin" / "netmon", "selftest")
    assert done.returncode == 0, done.stdout + done.stderr


def test_notices_are_those_of_the_crates():
    """The file is what `python -m deploy.package.notices` writes for the present Cargo.lock."""
    need_cargo()
    assert notices.notices() == notices.NOTICES.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("licence", "chosen"),
    [
        ("MIT OR Apache-2.0", "Apache-2.0"),
        ("Apache-2.0/MIT", "Apache-2.0"),
        ("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT", "Apache-2.0"),
        ("Apache-2.0 AND ISC", "Apache-2.0 AND ISC"),
        ("MIT", "MIT"),
    ],
)
def test_a_choice_of_licences_is_made(licence, chosen):
    """Of alternatives, netmon's own licence is taken; what holds together is kept together."""
    assert notices.Crate("one", "1", licence, "", ()).chosen == chosen


def test_a_missing_target_is_reported(monkeypatch, tmp_path):
    """Without Rust's library for a target, the command that adds it is named."""
    monkeypatch.setattr(wheel, "output_of", lambda _words: f"{tmp_path}/none\n")
    with pytest.raises(wheel.BuildError, match=r"rustup target add aarch64-unknown-linux-gnu$"):
        wheel.build_wheel("aarch64-unknown-linux-gnu", tmp_path)
