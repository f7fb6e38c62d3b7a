"""Files that take each other's names while a folder is followed, and how far a store has a folder."""

import os
from pathlib import Path

import pytest

from netmon._engine import CaptureFile, Engine, Matcher
from netmon.errors import SourceError
from netmon.sources.follow_mark import FollowMark
from netmon.sources.following import Following
from tests.craft.packets import ethernet
from tests.craft.pcap import pcap
from tests.craft.scene import ETHERNET, connection, flight
from tests.craft.talk import frames, tls_session

FIRST, SECOND = (
    pcap(frames(tls_session(connection(at_s=at_s), flight()), ethernet), ETHERNET) for at_s in (0, 50)
)


class Stop:
    """Asks for the end after so many looks."""

    def __init__(self, looks):
        self.left = looks

    @property
    def is_asked(self):
        """True once they are over."""
        self.left -= 1
        return self.left < 0


def packets(capture):
    """How many packets a capture has."""
    at, count = 24, 0
    while at < len(capture):
        at += 16 + int.from_bytes(capture[at + 8 : at + 12], "little")
        count += 1
    return count


@pytest.fixture
def ring(tmp_path):
    (tmp_path / "ring").mkdir()
    return tmp_path / "ring"


def read(ring, followed, when_opened=lambda: None):
    """The packets that are read, with something done between the first look and the first opening."""
    engine = Engine(Matcher([], [], []))
    pending = [when_opened]

    def open_file(path):
        if pending:
            pending.pop()()
        return CaptureFile(path)

    following = Following(engine, open_file, Stop(12), 1000, followed)
    for _ in following.steps(ring):
        engine.drain()
    return engine.stats()["packets"]


def rename_and_begin(ring):
    """As a rotation does."""
    (ring / "cap").rename(ring / "old")
    (ring / "cap").write_bytes(SECOND)


def overwrite(ring):
    """As `tcpdump -W` does."""
    (ring / "cap").write_bytes(SECOND)


@pytest.mark.parametrize(
    ("replace", "wanted"),
    [(rename_and_begin, packets(FIRST) + packets(SECOND)), (overwrite, packets(SECOND))],
)
def test_a_file_whose_name_another_one_took_before_it_was_opened_counts_once(ring, replace, wanted):
    """Each packet that is there to be read is read once."""
    (ring / "cap").write_bytes(FIRST)
    assert read(ring, {}, lambda: replace(ring)) == wanted


@pytest.mark.parametrize("replace", [rename_and_begin, overwrite])
def test_what_an_earlier_run_has_read_of_a_file_is_skipped_in_that_file(ring, replace):
    """Not in the one that has its name now."""
    (ring / "cap").write_bytes(FIRST)
    followed = {}
    assert read(ring, followed) == packets(FIRST)
    identity = next(iter(followed))
    assert read(ring, {identity: 3}, lambda: replace(ring)) == packets(SECOND) + (
        packets(FIRST) - 3 if replace is rename_and_begin else 0
    )


@pytest.mark.parametrize("name", ["ring", "Ring mit Löchern", os.fsdecode(b"r\xffng"), 'a"b\\c'])
def test_the_mark_of_a_folder_with_any_name_is_found_again(tmp_path, name):
    """Also one that is no text, beside those of other folders."""
    for folder, followed in ((tmp_path / name, {"a": None, "b": 7}), (tmp_path / "other", {"c": 1})):
        FollowMark(tmp_path / "all.db", folder).save(followed)
    assert FollowMark(tmp_path / "all.db", tmp_path / name).load() == {"a": None, "b": 7}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "\xff", '{"/r": 5}', '{"/r": {"a": -1}}', '{"/r": {"a": 9223372036854775808}}']
)
def test_a_mark_that_netmon_did_not_write_is_one_line(tmp_path, text):
    """It says what to do."""
    Path(tmp_path / "all.db.followed").write_text(text, encoding="latin-1")
    with pytest.raises(SourceError, match=r"all\.db\.followed: not a file that netmon writes; remove it"):
        FollowMark(tmp_path / "all.db", Path("/r")).load()
