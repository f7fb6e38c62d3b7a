"""Signatures from the cache are those of the files, and nothing that is wrong with the cache changes that."""

import os
import pickle
import shutil
import stat
from pathlib import Path

import pytest

from netmon.errors import SignatureError
from netmon.signatures import cached, load
from netmon.signatures.cached import cache_folder, load_cached
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from tests.craft import golden


@pytest.fixture
def folder(tmp_path):
    """Signatures that a test may change."""
    return shutil.copytree(golden.FOLDER / "signatures", tmp_path / "signatures")


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache" / "netmon"


@pytest.fixture
def reads(monkeypatch):
    """How often signatures were read from their files."""
    folders = []

    def counted(folder, progress=None):
        folders.append(folder)
        return load_folder(folder, progress)

    monkeypatch.setattr(load, "load_folder", counted)
    return folders


@pytest.mark.parametrize(
    "signatures", [default_folder(), golden.FOLDER / "signatures"], ids=["bundled", "golden"]
)
def test_the_cache_changes_nothing(signatures, cache, reads):
    """What comes from the cache equals what comes from the files, which are not read again."""
    expected = load_folder(signatures)
    assert [load_cached(signatures, cache) for _ in range(3)] == [expected] * 3
    assert len(reads) == 1
    [file] = cache.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_changed_signatures_are_read(folder, cache, reads):
    """Also when a file is as long as before, is renamed, or is in another folder."""
    before = load_cached(folder, cache)
    file = next(
        path for path in sorted(folder.iterdir()) if path.name not in ("locations.yaml", "resolvers.yaml")
    )
    text = file.read_text(encoding="utf-8")
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    title = text.split("title: ", 1)[1][0]
    file.write_text(text.replace(f"title: {title}", "title: Q", 1), encoding="utf-8")
    os.utime(file, ns=times)
    changed = load_cached(folder, cache)
    assert changed == load_folder(folder) != before
    file.rename(file.with_name(f"x{file.name}"))
    assert load_cached(folder, cache) == load_folder(folder) != changed
    moved = folder.rename(folder.with_name("moved"))
    assert load_cached(moved, cache).folder == str(moved)
    assert len(reads) == 4


def test_other_code_does_not_use_the_file(folder, cache, reads, monkeypatch):
    """An update of netmon may read the same signatures otherwise."""
    load_cached(folder, cache)
    code = folder.parent / "code.py"
    code.write_text("changed", encoding="utf-8")
    monkeypatch.setattr(cached, "_code", lambda: [code])
    load_cached(folder, cache)
    assert len(reads) == 2


def test_signatures_with_errors_are_not_kept(folder, cache, reads):
    """They are reported each time."""
    (folder / "locations.yaml").write_text("nonsense: [", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(SignatureError, match="locations"):
            load_cached(folder, cache)
    assert len(reads) == 2
    with pytest.raises(SignatureError, match="missing"):
        load_cached(folder / "missing", cache)


def damage(file, how):
    data = bytearray(file.read_bytes())
    match how:
        case "cut":
            del data[len(data) // 2 :]
        case "empty":
            data.clear()
        case "flipped":
            data[-10] ^= 1
        case "another key":
            data[0] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize("how", ["cut", "empty", "flipped", "another key"])
def test_a_damaged_file_is_replaced(folder, cache, reads, how):
    """The signatures are read, and the next time they come from the cache again."""
    expected = load_cached(folder, cache)
    [file] = cache.iterdir()
    damage(file, how)
    assert [load_cached(folder, cache) for _ in range(2)] == [expected] * 2
    assert len(reads) == 2


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_used(folder, cache, reads, mode):
    """Whoever can write it could say what netmon finds."""
    load_cached(folder, cache)
    [file] = cache.iterdir()
    file.chmod(mode)
    load_cached(folder, cache)
    assert len(reads) == 2


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_folder_that_others_may_write_is_not_used(folder, cache, reads, mode):
    """Nor is anything written there."""
    cache.mkdir(parents=True)
    cache.chmod(mode)
    for _ in range(2):
        load_cached(folder, cache)
    assert len(reads) == 2
    assert list(cache.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")
@pytest.mark.parametrize("which", ["file", "folder", "parent"])
def test_what_belongs_to_another_user_is_not_used(folder, cache, reads, which):
    """With sudo, the home may be another user's: nothing is read from it, and nothing is left there."""
    if which == "parent":
        cache.parent.mkdir()
        os.chown(cache.parent, 65534, 65534)
    else:
        load_cached(folder, cache)
        os.chown(cache if which == "folder" else next(cache.iterdir()), 65534, 65534)
        reads.clear()
    load_cached(folder, cache)
    assert len(reads) == 1
    if which == "parent":
        assert list(cache.parent.iterdir()) == []


def test_a_link_is_not_followed(folder, cache, reads, tmp_path):
    """Neither in place of the file nor of the folder."""
    load_cached(folder, cache)
    [file] = cache.iterdir()
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    load_cached(folder, cache)
    assert len(reads) == 2
    real = cache.rename(tmp_path / "real")
    cache.symlink_to(real)
    load_cached(folder, cache)
    assert len(reads) == 3


class Harmful:
    """Calls a function when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("harmed",)


@pytest.mark.parametrize(
    "content", [Harmful(), ["no signatures"], os.path.join], ids=["call", "list", "function"]
)
def test_a_file_holds_values_and_no_calls(folder, cache, reads, content, monkeypatch, tmp_path):
    """Even a file with the right key and hash cannot run anything."""
    monkeypatch.chdir(tmp_path)
    expected = load_cached(folder, cache)
    [file] = cache.iterdir()
    key = bytes.fromhex(file.name.removeprefix("signatures-"))
    file.write_bytes(key + cached._packed(content))
    assert load_cached(folder, cache) == expected
    assert len(reads) == 2
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize("what", ["a file in its place", "no rights", "full"])
def test_a_cache_that_cannot_be_written_is_no_error(folder, cache, reads, what, monkeypatch):
    """The signatures are read each time."""
    match what:
        case "a file in its place":
            cache.parent.write_text("", encoding="utf-8")
        case "no rights":
            monkeypatch.setattr(cached.os, "open", no_rights)
        case "full":
            monkeypatch.setattr(cached, "MAX_BYTES", 10)
    expected = load_folder(folder)
    assert [load_cached(folder, cache) for _ in range(2)] == [expected] * 2
    assert len(reads) == 2


def no_rights(path, *_):
    raise PermissionError(13, "Permission denied", str(path))


def test_old_files_are_removed(folder, cache):
    """The cache keeps a few, those that were written last."""
    text = (folder / "locations.yaml").read_text(encoding="utf-8")
    for number in range(cached.KEPT + 3):
        (folder / "locations.yaml").write_text(f"{text}# {number}\n", encoding="utf-8")
        load_cached(folder, cache)
    assert len(list(cache.iterdir())) == cached.KEPT


def test_a_pickle_is_small_enough_for_the_bundled_signatures():
    """The limit does not exclude what everybody uses."""
    assert len(pickle.dumps(load_folder(default_folder()))) * 10 < cached.MAX_BYTES


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_CACHE_HOME": "/a", "HOME": "/b"}, "/a/netmon"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/b"}, "/b/.cache/netmon"),
        ({"XDG_CACHE_HOME": "", "HOME": "/b"}, "/b/.cache/netmon"),
        ({"HOME": ""}, "None"),
        ({}, "None"),
    ],
)
def test_the_folder_is_that_of_the_user(environment, expected, tmp_path):
    """XDG's, which must be absolute, or that in the home; none without a home."""
    assert str(cache_folder(environment, tmp_path / "none")) == expected


def test_the_folder_of_a_package_is_its_owners(tmp_path):
    """Root uses it instead of the home; a folder in which others can write is used by nobody."""
    environment = {"HOME": "/b"}
    assert cache_folder(environment, tmp_path) == tmp_path
    assert cache_folder({**environment, "XDG_CACHE_HOME": "/a"}, tmp_path) == Path("/a/netmon")
    tmp_path.chmod(0o777)
    assert cache_folder(environment, tmp_path) == Path("/b/.cache/netmon")
