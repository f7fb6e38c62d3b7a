import random

import pytest

from netmon.errors import OutputError
from netmon.outputs.spool import SEGMENT_BYTES, Spool, segments
from netmon.streams.spool_reader import SpoolReader
from tests.streams.events import ids, write


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


def read_all(folder, most=7, position="position.json"):
    reader = SpoolReader(folder, folder / position)
    found = []
    while (batch := reader.read(most)) is not None:
        found += batch.lines
        reader.acknowledge(batch.end)
    return found


def test_lines_are_read_in_the_order_in_which_they_were_written(folder):
    """Also over several segments, and several starts of the sensor."""
    write(folder, range(20))
    write(folder, range(20, 30))
    assert len(segments(folder)) == 2
    assert ids(read_all(folder)) == [f"id-{number}" for number in range(30)]


def test_what_was_not_acknowledged_is_given_again(folder):
    """A reader that crashes between delivery and acknowledgement delivers twice, and never leaves out."""
    write(folder, range(10))
    reader = SpoolReader(folder, folder / "position.json")
    reader.acknowledge(reader.read(4).end)
    assert ids(reader.read(3).lines) == ["id-4", "id-5", "id-6"]
    again = SpoolReader(folder, folder / "position.json")
    assert ids(again.read(3).lines) == ["id-4", "id-5", "id-6"]


def test_a_line_without_its_end_is_not_read_yet(folder):
    """The sensor may be writing it."""
    spool = Spool(folder, 1 << 30)
    spool.write(memoryview(b'{"event":'))
    reader = SpoolReader(folder, folder / "position.json")
    assert reader.read(5) is None
    spool.write(memoryview(b'{"id":"id-1"}}\n'))
    assert ids(reader.read(5).lines) == ["id-1"]


def test_a_line_that_a_crash_cut_is_skipped(folder):
    """The next start begins another segment, so that nothing is glued to the rest of a line."""
    spool = Spool(folder, 1 << 30)
    spool.write(memoryview(b'{"event":'))
    spool.close()
    write(folder, [1])
    assert ids(read_all(folder)) == ["id-1"]


def test_the_oldest_segments_are_removed(folder):
    """The spool stays within its size, and a reader is told that it missed events."""
    write(folder, [0])
    reader = SpoolReader(folder, folder / "position.json")
    reader.acknowledge(reader.read(1).end)
    write(folder, range(1, 1000), max_bytes=4 * SEGMENT_BYTES, text="x" * 30_000)
    sizes = [one.stat().st_size for one in segments(folder)]
    assert sum(sizes) <= 4 * SEGMENT_BYTES
    assert max(sizes) <= SEGMENT_BYTES
    batch = reader.read(1)
    assert batch.missed_segments
    assert ids(read_all(folder, position="other.json"))[-1] == "id-999"


def test_a_clock_that_was_set_back_keeps_the_order(folder):
    """A segment's name is later than that of every segment before it."""
    for now_ns, number in ((5_000, 1), (3_000, 2), (1_000, 3)):
        spool = Spool(folder, 1 << 30, lambda now_ns=now_ns: now_ns)
        spool.write(memoryview(b'{"event":{"id":"id-%d"}}\n' % number))
        spool.close()
    assert ids(read_all(folder)) == ["id-1", "id-2", "id-3"]


def test_a_spool_that_was_emptied_is_written_and_read_on(folder):
    """Someone removes all files while sensor and reader run."""
    spool = Spool(folder, 1 << 30)
    spool.write(memoryview(b'{"event":{"id":"id-1"}}\n'))
    reader = SpoolReader(folder, folder / "position.json")
    reader.acknowledge(reader.read(1).end)
    for one in segments(folder):
        one.unlink()
    assert reader.read(1) is None
    spool.begin(24)
    spool.write(memoryview(b'{"event":{"id":"id-2"}}\n'))
    assert ids(reader.read(1).lines) == ["id-2"]


def test_a_position_from_another_spool_starts_at_the_beginning(folder):
    """A position behind every segment would otherwise wait for ever."""
    write(folder, range(3))
    (folder / "position.json").write_text('{"segment": "99999999999999999999.jsonl", "offset": 7}')
    assert ids(read_all(folder)) == ["id-0", "id-1", "id-2"]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"segment": 1}', '{"segment": "x", "offset": "y"}'])
def test_a_damaged_position_starts_at_the_beginning(folder, content):
    """Delivering again is harmless, leaving out is not."""
    write(folder, range(3))
    (folder / "position.json").write_text(content)
    assert ids(read_all(folder)) == ["id-0", "id-1", "id-2"]


def test_any_sequence_of_writes_crashes_and_reads_loses_nothing(folder):
    """Random writers and readers, some of which forget to acknowledge: every line is read, in order."""
    draw = random.Random(1)
    written, read = 0, []
    for _ in range(200):
        count = draw.randrange(4)
        write(folder, range(written, written + count))
        written += count
        reader = SpoolReader(folder, folder / "position.json")
        while (batch := reader.read(draw.randrange(1, 6))) is not None:
            if draw.random() < 0.2:
                break
            read += ids(batch.lines)
            reader.acknowledge(batch.end)
    read += ids(read_all(folder))
    assert read == [f"id-{number}" for number in range(written)]


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path):
    """Path, reason and setting."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file/spool: not a directory; name a folder in spool\.folder"):
        Spool(tmp_path / "file" / "spool", 1 << 30)


def test_a_reader_without_a_spool_is_one_clear_error(tmp_path):
    """The folder, and where it is configured."""
    with pytest.raises(OutputError, match=r"nowhere: no such file or directory; .*spool\.folder"):
        SpoolReader(tmp_path / "nowhere", tmp_path / "position.json")


def test_only_its_user_and_group_can_read_a_spool(folder):
    """Events may show clients."""
    write(folder, [1])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(one.stat().st_mode & 0o007 == 0 for one in segments(folder))
