"""The Rust half, tested from here so that one command tests everything."""

import os
import re
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path

import pytest

from netmon._engine import CaptureError, Sieve
from tests.machine import cache, need

ENGINE = Path(__file__).parent.parent / "engine"
REUSE = pytest.mark.reuse("engine", "tests/test_engine_crate.py", "tests/machine.py")
BUILD = {"CARGO_TARGET_DIR": str(cache("cargo")), "CARGO_PROFILE_DEV_DEBUG": "0"}
"""No debugger reads what is built here, and a panic names its line without information for one."""
FUZZ_SECONDS = "5"  # for each target; a longer run is `engine/fuzz/run SECONDS`


def run(*words):
    """What a command prints in the engine's folder. Cargo builds outside of the checkout, once."""
    done = subprocess.run(
        words,
        cwd=ENGINE,
        env=os.environ | BUILD,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
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


@REUSE
@pytest.mark.slow
def test_clippy():
    """Clippy reports no warning for any target."""
    need_cargo("clippy")
    run("cargo", "clippy", "--locked", "--all-targets", "--", "-D", "warnings")


@REUSE
@pytest.mark.slow
def test_unit_tests():
    """The crate's own tests pass, without Python."""
    need_cargo()
    assert "test result: ok" in run("cargo", "test", "--locked", "--no-default-features")


@REUSE
@pytest.mark.slow
def test_each_benchmark_of_a_function_runs():
    """Once, with what it checks; how long it takes is no matter."""
    need_cargo()
    printed = run("cargo", "test", "--locked", "--no-default-features", "--bench", "hot")
    for name in ("decode_plain", "table_look_up", "packets_of_data", "hello", "quic_initial", "name_match"):
        assert f"─ {name}\n" in printed


@pytest.mark.lab
@pytest.mark.slow
def test_live_capture_on_a_real_kernel():
    """The tests that need root, which `cargo test` alone shows as ignored."""
    need_cargo()
    need("ip")
    words = ("--locked", "--no-default-features", "--test", "ring", "--test", "live", "--", "--ignored")
    done = run("cargo", "test", *words)
    assert len(re.findall(r"test result: ok\. [1-9][0-9]* passed; 0 failed", done)) == 2


@pytest.mark.lab
@pytest.mark.slow
def test_the_kernel_sieve_in_a_real_kernel():
    """The tests that load a program into the kernel, which `cargo test` alone shows as ignored."""
    need_cargo()
    try:
        Sieve(16).probe()
    except CaptureError as error:
        if "os error 1)" in str(error):  # EPERM; a program that the kernel rejects is no reason to skip
            pytest.skip(f"needs root and CAP_BPF: {error}")
    words = ("--locked", "--no-default-features", "--lib", "--test", "sieve")
    done = run("cargo", "test", *words, "--", "--ignored", "--skip", "nanoseconds_per_packet")
    assert len(re.findall(r"test result: ok\. [1-9][0-9]* passed; 0 failed", done)) == 2


@pytest.mark.parametrize("manifest", ["Cargo.toml", "fuzz/Cargo.toml"])
def test_lock_is_committed_and_names_one_source(manifest):
    """Cargo.lock is under version control, and its crates are netmon's own or come from crates.io."""
    lock = (ENGINE / manifest).with_name("Cargo.lock")
    if (ENGINE.parent / ".git").exists() and shutil.which("git"):
        run("git", "-c", "safe.directory=*", "ls-files", "--error-unmatch", str(lock))
    packages = tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
    own = {package["name"] for package in packages if "source" not in package}
    assert own <= {"netmon-engine", "netmon-fuzz"}
    sources = {package["source"] for package in packages if package["name"] not in own}
    assert sources == {"registry+https://github.com/rust-lang/crates.io-index"}


def test_build_stops_where_manifest_and_lock_disagree(tmp_path):
    """A build uses the versions in Cargo.lock or stops: it never picks others by itself."""
    need_cargo()
    settings = tomllib.loads((ENGINE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["maturin"]["locked"] is True
    manifest = (ENGINE / "Cargo.toml").read_text(encoding="utf-8")
    for source in ("src/lib.rs", "benches/hot.rs"):
        (tmp_path / source).parent.mkdir()
        (tmp_path / source).touch()
    shutil.copy(ENGINE / "Cargo.lock", tmp_path)
    tree = ("cargo", "tree", "--locked", "--manifest-path", str(tmp_path / "Cargo.toml"))
    (tmp_path / "Cargo.toml").write_text(manifest, encoding="utf-8")
    run(*tree)
    without = re.sub(r"^libc = .*\n", "", manifest, flags=re.MULTILINE)
    (tmp_path / "Cargo.toml").write_text(without, encoding="utf-8")
    done = subprocess.run(tree, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "--locked" in done.stderr


def test_every_parser_has_a_fuzz_target_with_seeds():
    """Each public parser of the wire modules is called by a target; each target is built and has seeds."""
    targets = {path.stem: path.read_text(encoding="utf-8") for path in (ENGINE / "fuzz/targets").glob("*.rs")}
    wire = "".join(path.read_text(encoding="utf-8") for path in (ENGINE / "src/wire").rglob("*.rs"))
    parsers = set(re.findall(r"^pub fn (parse_\w+|decode|crypto_frames|initials)\b", wire, re.MULTILINE))
    called = set(re.findall(r"\w+", " ".join(targets.values())))
    assert len(parsers) > 10
    assert parsers - called == set()
    manifest = (ENGINE / "fuzz/Cargo.toml").read_text(encoding="utf-8")
    built = re.findall(r'^path = "targets/(\w+)\.rs"', manifest, re.MULTILINE)
    assert sorted(built) == sorted(targets) == sorted(path.name for path in (ENGINE / "fuzz/seeds").iterdir())
    for target in targets:
        seeds = list((ENGINE / "fuzz/seeds" / target).iterdir())
        assert seeds
        assert all(seed.exists() for seed in seeds), "a link to a capture that is gone"


def test_every_fuzz_target_starts_from_a_minimised_corpus():
    """The committed archive has inputs for each target, none longer than `renew` admits; it is small."""
    archive = ENGINE / "fuzz/corpus.tar.gz"
    with tarfile.open(archive) as corpus:
        files = [member for member in corpus if member.isfile()]
    targets = {path.stem for path in (ENGINE / "fuzz/targets").glob("*.rs")}
    longest = re.search(
        r"^MAX_LENGTH=(\d+)$", (ENGINE / "fuzz/renew").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {Path(file.name).parts[:-1] for file in files} == {("corpus", target) for target in targets}
    assert max(file.size for file in files) <= int(longest[1])
    assert archive.stat().st_size < 1_500_000


@REUSE
@pytest.mark.slow
def test_parsers_survive_fuzzing():
    """Every parser target survives a short run on mutated seeds."""
    need_cargo()
    need("c++")  # libFuzzer is written in it
    run("fuzz/run", FUZZ_SECONDS)


@REUSE
@pytest.mark.slow
def test_the_corpus_can_be_renewed(tmp_path, monkeypatch):
    """`renew` writes an archive of the same form; only the inputs of the named target are others."""
    need_cargo()
    need("c++")
    archive = tmp_path / "corpus.tar.gz"
    monkeypatch.setenv("ARCHIVE", str(archive))
    assert re.fullmatch(r"ech: [1-9][0-9]* inputs\n", run("fuzz/renew", "1", "ech"))
    found, committed = ({}, {})
    for path, names in ((archive, found), (ENGINE / "fuzz/corpus.tar.gz", committed)):
        with tarfile.open(path) as corpus:
            for member in filter(tarfile.TarInfo.isfile, corpus):
                names.setdefault(Path(member.name).parent.name, set()).add(Path(member.name).name)
    assert found.keys() == committed.keys()
    assert {target: found[target] for target in found if target != "ech"} == {
        target: committed[target] for target in committed if target != "ech"
    }
    assert not found["ech"] & {seed.name for seed in (ENGINE / "fuzz/seeds/ech").iterdir()}
