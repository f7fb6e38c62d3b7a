"""The file of the events has complete lines only, and its name leads to it, whatever happens to it."""

import gzip
import os
from pathlib import Path

import pytest

from netmon.config.settings import Rotation
from netmon.errors import OutputError
from netmon.outputs.event_file import EventFile
from netmon.outputs.lines import Lines

HOUR_S = 3600.0
NOON_S = 1_780_315_200.0  # 2026-06-01T12:00:00Z
MIB = 1 << 20


@pytest.fixture
def log():
    return []


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.jsonl"


class Clock:
    """A clock that a test sets."""

    now_s = NOON_S

    def __call__(self):
        """The time that was set."""
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def opened(path, log, clock):
    """Lines that are written to the file."""
    files = []

    def opened(**rotation):
        file = EventFile(path, Rotation(**rotation), log.append, clock)
        files.append(file)
        return Lines(file, path.name, log.append)

    yield opened
    for file in files:
        file._old.wait()
        file.close()


def put(lines, *texts):
    for text in texts:
        lines.write(f"{text}\n")
    lines.flush()


def test_lines_are_appended(opened, path, log):
    """What is in the file stays."""
    path.write_text("before\n")
    put(opened(), "after")
    assert (path.read_text(), log) == ("before\nafter\n", [])


def test_a_file_that_was_moved_is_made_again(opened, path, log):
    """After a rename, as by logrotate without `create`: not one event goes to the old name."""
    lines = opened()
    put(lines, "one")
    path.rename(path.with_name("old"))
    put(lines, "two")
    assert (path.with_name("old").read_text(), path.read_text(), log) == ("one\n", "two\n", [])


def test_a_file_that_was_replaced_is_opened(opened, path):
    """After a rename and a new file, as by logrotate with `create`."""
    lines = opened()
    put(lines, "one")
    path.rename(path.with_name("old"))
    path.touch(mode=0o640)
    put(lines, "two")
    assert (path.with_name("old").read_text(), path.read_text()) == ("one\n", "two\n")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_file_that_was_removed_is_made_again(opened, path):
    """After `rm`."""
    lines = opened()
    put(lines, "one")
    path.unlink()
    put(lines, "two")
    assert path.read_text() == "two\n"


def test_a_moved_file_is_made_again_without_events(opened, path):
    """A refresh is enough, so that a program that follows the name finds it."""
    lines = opened()
    path.rename(path.with_name("old"))
    lines.refresh()
    assert path.read_text() == ""


def test_a_truncated_file_goes_on_from_its_beginning(opened, path):
    """As by logrotate with `copytruncate`: no zeros before the next event."""
    lines = opened()
    put(lines, "one", "two")
    os.truncate(path, 0)
    put(lines, "three")
    assert path.read_text() == "three\n"


def test_a_link_is_followed(opened, path, tmp_path):
    """The name may be a link; one that leads elsewhere later is followed as well."""
    first, second = tmp_path / "first", tmp_path / "second"
    path.symlink_to(first)
    lines = opened()
    put(lines, "one")
    other = tmp_path / "other"
    other.symlink_to(second)
    other.replace(path)
    put(lines, "two")
    assert (first.read_text(), second.read_text(), path.is_symlink()) == ("one\n", "two\n", True)


def test_a_folder_that_was_removed(opened, path, tmp_path, log):
    """Its events are lost, counted and logged once; when it is back, so are the events."""
    path = tmp_path / "folder" / "events.jsonl"
    path.parent.mkdir()
    lines = Lines(EventFile(path, Rotation(), log.append), path.name, log.append)
    put(lines, "one")
    path.unlink()
    path.parent.rmdir()
    put(lines, "two")
    put(lines, "three")
    assert lines.lost == 2
    path.parent.mkdir()
    put(lines, "four")
    assert path.read_text() == "four\n"
    assert log == [
        "events.jsonl: no such file or directory; events are lost until it can be written again",
        "events.jsonl: can be written again; 2 events were lost",
    ]


def test_a_folder_that_was_moved_away(path, tmp_path, log):
    """While none can be made in its place, events go into the moved file: nothing is lost."""
    path = tmp_path / "folder" / "events.jsonl"
    path.parent.mkdir()
    lines = Lines(EventFile(path, Rotation(), log.append), path.name, log.append)
    put(lines, "one")
    moved = path.parent.rename(tmp_path / "moved") / path.name
    put(lines, "two")
    put(lines, "three")
    assert (moved.read_text(), lines.lost) == ("one\ntwo\nthree\n", 0)
    path.parent.mkdir()
    put(lines, "four")
    assert path.read_text() == "four\n"
    assert log == [
        f"{path}: was moved, and cannot be made again: no such file or directory; until it can, events are "
        "written to the moved file",
        f"{path}: was made again",
    ]


@pytest.mark.parametrize("cut", ['{"@timestamp":"2026-06', "{", "\0\0\0\0", '{"a":1\0\0\0'])
@pytest.mark.parametrize("before", ["", '{"whole":1}\n'])
def test_an_event_that_a_crash_cut_is_removed(opened, path, log, before, cut):
    """It can never be completed; the next event begins a line. Zeros are what a power failure leaves."""
    path.write_text(before + cut)
    put(opened(), '{"next":2}')
    assert path.read_text() == before + '{"next":2}\n'
    assert log == [f"{path}: the last event was cut when it was written; its {len(cut)} bytes were removed"]


@pytest.mark.parametrize("other", ["127.0.0.1 localhost", 'x {"', "x" * (2 * MIB), "{" + "x" * (2 * MIB)])
def test_what_is_no_event_is_not_removed(opened, path, log, other):
    """A wrong name in the configuration destroys no other program's file: the line is ended."""
    path.write_text(other)
    put(opened(), "next")
    assert path.read_text() == f"{other}\nnext\n"
    assert log == [f"{path}: the last line had no end, and is no event; a newline was added"]


def test_a_complete_file_is_left_alone(opened, path, log):
    """Nothing is removed from it, and nothing is logged."""
    path.write_text('{"a":1}\n')
    opened()
    assert (path.read_text(), log) == ('{"a":1}\n', [])


def test_a_file_that_cannot_be_opened(path):
    """The error names the file and the setting."""
    path.mkdir()
    with pytest.raises(OutputError, match=r"is a directory: name a file in events\.file"):
        EventFile(path, Rotation(), print)


def test_a_pipe_that_nobody_reads_stops_nothing(path, log):
    """It is opened without a reader; what it has no room for is lost, counted, and told in one line."""
    os.mkfifo(path)
    lines = Lines(EventFile(path, Rotation(), log.append), path.name, log.append)
    text = "x" * 999
    for _ in range(100):
        put(lines, text)
    assert 0 < lines.lost < 100
    assert len(log) == 1
    for _ in range(2):  # a reader that ends, and the next one
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        read = b""
        while True:
            try:
                read += os.read(reader, 65536)
            except BlockingIOError:
                break
        assert set(read.decode().splitlines()) <= {text, "more"}
        os.close(reader)
        put(lines, "more")
    assert read.endswith(b"more\n")


def test_a_pipe_is_only_written_to(path, log):
    """It is neither rotated nor opened again."""
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    lines = Lines(EventFile(path, Rotation(rotate_mib=1), log.append), path.name, log.append)
    put(lines, "one")
    path.rename(path.with_name("old"))
    put(lines, "x" * 100)
    assert os.read(reader, 999) == b"one\n" + b"x" * 100 + b"\n"
    os.close(reader)


def rotated(path):
    """The names of all other files, without the name of the file."""
    return sorted(one.name.removeprefix(path.name) for one in path.parent.iterdir() if one != path)


def test_rotation_by_size(opened, path, clock, log):
    """No file exceeds the size, the newest old one is plain and the others are compressed; none is lost."""
    lines = opened(rotate_mib=1, keep=10)
    put(lines, "x" * 600_000)
    for _ in range(3):
        clock.now_s += 1
        put(lines, "y" * 600_000)
        lines._file._old.wait()
    assert rotated(path) == [".20260601T120001Z.gz", ".20260601T120002Z.gz", ".20260601T120003Z"]
    with gzip.open(f"{path}.20260601T120001Z.gz", "rt") as old:
        assert old.read() == "x" * 600_000 + "\n"
    assert path.stat().st_size == 600_001
    assert log == []


def test_rotation_twice_in_a_second(opened, path, clock):
    """An old file is never overwritten: the file grows for that second."""
    lines = opened(rotate_mib=1)
    for _ in range(4):
        put(lines, "x" * 600_000)
    assert rotated(path) == [".20260601T120000Z"]
    assert path.stat().st_size == 3 * 600_001
    clock.now_s += 1
    put(lines, "x")
    assert path.stat().st_size == 2


def test_rotation_by_time(opened, path, clock):
    """At each full period, UTC, if there are events; also if netmon did not run at that moment."""
    put(opened(rotate_hours=1, compress=False), "one")
    os.utime(path, (clock.now_s, clock.now_s))
    clock.now_s += 0.9 * HOUR_S
    lines = opened(rotate_hours=1, compress=False)
    put(lines, "two")
    assert rotated(path) == []
    clock.now_s += 0.2 * HOUR_S
    put(lines, "three")
    clock.now_s += 5 * HOUR_S
    lines.refresh()
    clock.now_s += 5 * HOUR_S
    lines.refresh()
    put(lines, "four")
    assert rotated(path) == [".20260601T130600Z", ".20260601T180600Z"]
    assert path.with_name(f"{path.name}.20260601T130600Z").read_text() == "one\ntwo\n"
    assert path.read_text() == "four\n"


def test_a_clock_that_was_set_back_delays_nothing(opened, path, clock):
    """A file goes on for the rest of the new hour, not until the old one comes again."""
    lines = opened(rotate_hours=1, compress=False)
    put(lines, "one")
    clock.now_s -= 48 * HOUR_S
    put(lines, "two")
    assert rotated(path) == []
    clock.now_s += HOUR_S
    put(lines, "three")
    assert rotated(path) == [".20260530T130000Z"]


def test_what_is_rotated_after_a_clock_was_set_back_is_the_newest(opened, path, clock):
    """By its name as well, so that it is not removed first. A name that only looks like one is no matter."""
    other = path.with_name(f"{path.name}.20269901T120000Z")
    other.write_text("no month")
    lines = opened(rotate_mib=1, keep=2, compress=False)
    for number in range(3):
        put(lines, f"{number}" * 1_000_000)
        clock.now_s += 1
    clock.now_s -= HOUR_S
    put(lines, "3" * 1_000_000)
    put(lines, "4" * 1_000_000)
    names = [".20260601T120003Z", ".20260601T120004Z"]
    assert rotated(path) == [*names, ".20269901T120000Z"]
    assert [path.with_name(path.name + name).read_text()[0] for name in names] == ["2", "3"]


def test_old_files_are_limited_in_number(opened, path, clock):
    """The oldest are removed, compressed or not; files of other names stay."""
    other = path.with_name("events.jsonl.1")
    other.write_text("of logrotate")
    lines = opened(rotate_mib=1, keep=2)
    for _ in range(6):
        clock.now_s += 1
        put(lines, "x" * 1_000_000)
        lines._file._old.wait()
    assert rotated(path) == [".1", ".20260601T120005Z.gz", ".20260601T120006Z"]


def test_rotation_keeps_a_link(opened, path, tmp_path, clock):
    """The file that it leads to is rotated where it is."""
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "real.jsonl"
    path.symlink_to(target)
    lines = opened(rotate_mib=1)
    for _ in range(2):
        put(lines, "x" * 600_000)
    assert path.is_symlink()
    assert rotated(target) == [".20260601T120000Z"]
    assert path.stat().st_size == 600_001


def test_a_crash_while_compressing_loses_nothing(opened, path):
    """What it left is compressed at the next start, and is complete."""
    for second in (1, 2):
        path.with_name(f"{path.name}.20260601T12000{second}Z").write_text(f"{second}\n")
    path.with_name(f"{path.name}.20260601T120001Z.gz.new").write_bytes(b"half")
    opened(rotate_mib=1)._file._old.wait()
    assert rotated(path) == [".20260601T120001Z.gz", ".20260601T120002Z"]
    with gzip.open(f"{path}.20260601T120001Z.gz", "rt") as old:
        assert old.read() == "1\n"


@pytest.mark.parametrize(
    ("step_s", "name"), [(61, ".20260601T120101Z"), (-HOUR_S, ".20260601T110000Z")], ids=["later", "set back"]
)
def test_a_rotation_that_fails_is_logged_once(opened, path, log, monkeypatch, clock, step_s, name):
    """The file grows, and is rotated when that is possible again."""
    lines = opened(rotate_mib=1)
    put(lines, "x" * 600_000)
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.rename", lambda *_: Path("/proc/nowhere").stat())
        for _ in range(3):
            put(lines, "x" * 600_000)
    assert log == [f"{path}: cannot be rotated: no such file or directory; it grows until it can"]
    clock.now_s += step_s
    put(lines, "x")
    assert rotated(path) == [name]
    assert lines.lost == 0
