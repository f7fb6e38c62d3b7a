"""The lines of the events' file against the chain: whatever is done to any of them is noticed.

What is not is listed here: lines from before the first file that is given, and those that a crash or a disk
that was full kept out of the chain.
"""

import gzip

import pytest

from netmon.evidence.chain import Chain
from netmon.evidence.chain_check import check_chain
from tests.evidence.test_chain import Clock

FORGED = '{"event":"forged"}\n'
SIZES = ((2, 1), (3, 1, 2))
"""The sizes of the batches of two runs."""
LINES = [f'{{"event":{number}}}\n' for number in range(sum(map(sum, SIZES)))]


def run(folder, lines, sizes, *, ends=True):
    """A run of netmon that writes lines in batches of these sizes; without an end, it crashes or goes on."""
    folder.mkdir(exist_ok=True)
    chain = Chain(folder, print, Clock())
    chain.add("begin")
    chain.flush()
    for size in sizes:
        for line in lines[:size]:
            chain.add_event(line)
        chain.flush(is_last=True)
        lines = lines[size:]
    if ends:
        chain.close()
    else:
        chain.release()


@pytest.fixture
def checked(tmp_path):
    """Checks these lines against the chain in a folder."""

    def checked(*files, name="chain"):
        paths = []
        for number, lines in enumerate(files):
            path = tmp_path / (f"events.{number}.gz" if number < len(files) - 1 else "events.jsonl")
            data = "".join(lines).encode()
            path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
            paths.append(path)
        return check_chain(tmp_path / name, None, paths)

    return checked


@pytest.fixture
def closed(tmp_path):
    """The chain of two runs that have ended."""
    run(tmp_path / "chain", LINES, SIZES[0])
    run(tmp_path / "chain", LINES[sum(SIZES[0]) :], SIZES[1])


def removed(at):
    """Without one line."""
    return LINES[:at] + LINES[at + 1 :]


def inserted(at, line=FORGED):
    """With one line more."""
    return [*LINES[:at], line, *LINES[at:]]


def exchanged(one, other):
    """With two lines in each other's place."""
    lines = list(LINES)
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def moved(one, to):
    """With one line elsewhere."""
    lines = removed(one)
    lines.insert(to, LINES[one])
    return lines


PLACES = range(len(LINES))
CHANGES = {
    **{f"{at} removed": removed(at) for at in PLACES},
    **{f"{at} changed": [*LINES[:at], FORGED, *LINES[at + 1 :]] for at in PLACES},
    **{f"{at} doubled": inserted(at, LINES[at]) for at in PLACES},
    **{f"{at} emptied": [*LINES[:at], "\n", *LINES[at + 1 :]] for at in PLACES},
    **{f"before {at} inserted": inserted(at) for at in range(len(LINES) + 1)},
    **{f"before {at} an empty line": inserted(at, "\n") for at in range(len(LINES) + 1)},
    **{f"{a} again before {b}": inserted(b, LINES[a]) for a in PLACES for b in range(len(LINES) + 1)},
    **{f"{a} and {b} exchanged": exchanged(a, b) for a in PLACES for b in PLACES if a < b},
    **{f"{a} moved to {b}": moved(a, b) for a in PLACES for b in PLACES if a != b},
    **{f"{a} to {b} removed": LINES[:a] + LINES[b:] for a in range(1, 9) for b in PLACES if a < b},
    **{f"cut after {end}": LINES[:end] for end in PLACES},
    "all again": LINES * 2,
    "backwards": LINES[::-1],
}


@pytest.mark.usefixtures("closed")
def test_an_unchanged_file(checked):
    """Nothing is wrong with it, in one file or rotated anywhere."""
    for at in range(len(LINES)):
        check = checked(LINES[:at], LINES[at:])
        assert (check.problems, check.notes, check.confirmed) == ([], [], len(LINES))


@pytest.mark.usefixtures("closed")
def test_each_change_of_each_line_is_a_problem(checked):
    """Removed, changed, doubled, inserted, exchanged or moved, at every place: also at both ends."""
    assert len(CHANGES) > 200
    unnoticed = [what for what, lines in CHANGES.items() if not checked(lines).problems]
    assert unnoticed == []


@pytest.mark.usefixtures("closed")
def test_each_change_is_a_problem_over_rotated_files(checked):
    """A line before the first of a file, or after its last one, is no exception."""
    changes = [lines for what, lines in CHANGES.items() if what.endswith(("removed", "changed", "inserted"))]
    assert all(checked(lines[:4], lines[4:]).problems for lines in changes)


def test_whole_batches_at_the_beginning_may_be_in_older_files(tmp_path, checked):
    """That is noted, and how many events are not confirmed: older files may not have been given, or kept."""
    run(tmp_path / "chain", LINES, (1, 1, 3))
    for left in (1, 2):
        check = checked(LINES[left:5])
        assert (check.problems, len(check.notes), check.events - check.confirmed) == ([], left, left)
    assert checked(LINES[3:5]).problems


@pytest.mark.usefixtures("closed")
def test_the_end_of_a_batch_that_began_in_an_older_file_is_noted(checked):
    """Its lines cannot be confirmed without that file; more of them than the batch has are a problem."""
    check = checked(LINES[4:])
    assert check.problems == []
    assert "lines 1 to 2 of the events are not confirmed" in check.notes[-1]
    assert checked([FORGED, FORGED, *LINES[4:]]).problems


@pytest.mark.parametrize("more", [1, 3])
def test_lines_of_a_run_that_goes_on_are_noted(tmp_path, checked, more):
    """They get into the chain within seconds; everything before is checked as ever."""
    run(tmp_path / "chain", LINES, (3, 2), ends=False)
    check = checked(LINES[: 5 + more])
    assert (check.problems, check.confirmed) == ([], 5)
    named = "line 6 of the events is" if more == 1 else "lines 6 to 8 of the events are"
    assert check.notes[0].startswith(f"{named} not in the chain: netmon runs")
    assert checked([*LINES[:3], FORGED, *LINES[3:6]]).problems


def test_lines_before_a_crash_are_noted(tmp_path, checked):
    """Between the last batch of a run without an end and the first one of the next run, and nowhere else."""
    run(tmp_path / "chain", LINES, (2, 1), ends=False)
    run(tmp_path / "chain", LINES[5:], (2, 2))
    check = checked(LINES)
    assert (check.problems, check.confirmed) == ([], 7)
    assert check.notes == [
        "lines 4 to 5 of the events are not in the chain before 2026-09-21T14:13:20Z: netmon crashed, its "
        "disk was full, or it pruned its chain"
    ]
    for at in (0, 1, 2, 6, 7, 8, 9):
        assert checked(inserted(at)).problems


def test_lines_beside_lost_records_are_noted(tmp_path, checked):
    """A record says that the disk was full; events of that time may be in no batch."""
    run(tmp_path / "chain", LINES, (2,))
    chain = Chain(tmp_path / "chain", print, Clock())
    chain.add("begin")
    chain.add("lost", records=1)
    chain.flush()
    chain.release()
    run(tmp_path / "chain", LINES[3:], (6,))
    check = checked(LINES)
    assert (check.problems, check.confirmed) == ([], 8)


def test_a_chain_without_events_has_none(tmp_path, checked):
    """Lines beside it are a problem if its run has ended, and noted while it goes on."""
    run(tmp_path / "chain", [], ())
    run(tmp_path / "other", [], (), ends=False)
    assert checked(LINES).problems
    assert checked([]).problems == []
    check = checked(LINES, name="other")
    assert (check.problems, len(check.notes)) == ([], 1)
