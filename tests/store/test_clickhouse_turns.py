"""Commands change a store in ClickHouse one after another, and one that is killed leaves nothing twice."""

import itertools
import queue
import subprocess
import sys
import threading
from contextlib import contextmanager, nullcontext, suppress

import pytest
from msgspec.structs import replace

from netmon.config.settings import Config
from netmon.errors import StoreError
from netmon.privacy import ADDRESS, Privacy
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.store import clickhouse_turns, kept, queries
from netmon.store.clickhouse import ClickHouseStore
from netmon.store.clickhouse_turns import LEASE_S, StoreTurns
from netmon.store.queries import Scope
from netmon.store.reading import ReadUnder
from netmon.store.rows import rows_of
from tests.machine import ROOT
from tests.records import START_NS, classified
from tests.store.conftest import OBSERVER, events_of
from tests.store.engine import engine
from tests.store.front import answer_of, served
from tests.store.test_staging import STATS, brought, run_lines

__all__ = ["engine"]

pytestmark = pytest.mark.reuse(
    ":(glob)netmon/*.py",
    "netmon/outputs",
    "netmon/privacy",
    "netmon/signatures",
    "netmon/store",
    "engine/src/event",
    "engine/src/python",
    "tests/records.py",
    "tests/store",
)
SIGNATURES = load_folder(default_folder())
STEPS_OF_A_TURN = 4


@pytest.fixture
def command(engine):
    """Makes what a command has of the store, which is empty at first."""
    engine.clear()
    return lambda: ClickHouseStore(engine, "fleet")


@pytest.fixture
def stepping(monkeypatch):
    """Nobody waits for others, and time passes only in steps."""
    time_s = [0.0]
    monkeypatch.setattr(StoreTurns, "wait_s", 0.0)
    monkeypatch.setattr(clickhouse_turns, "_now_s", lambda: time_s[0])
    return time_s


REFUSED = pytest.raises(StoreError, match=r"^fleet: another command is storing: nothing was stored")


def take(store):
    """A turn of a moment."""
    with store.changing():
        pass


def test_one_after_another(command, stepping):
    """Whoever comes while another one is storing is refused; a command that fails is over."""
    one, other = command(), command()
    with one.changing(), REFUSED:
        take(other)
    with suppress(KeyError), one.changing():
        raise KeyError
    take(other)
    take(one)


class _Stepwise:
    """A command in a thread that takes a turn, each step of which has to be let go."""

    def __init__(self, store):
        self._asked, self._answers = queue.Queue(), queue.Queue()
        self._store = store
        turns = StoreTurns(self._select, self._execute, "fleet")
        self.took = False

        def take():
            self.took = turns._take()
            self._asked.put(None)

        threading.Thread(target=take, daemon=True).start()
        self._next = self._asked.get()

    def step(self):
        """The next step."""
        if self._next is not None:
            ask, arguments = self._next
            self._answers.put(ask(*arguments))
            self._next = self._asked.get()

    def _select(self, *arguments):
        self._asked.put((lambda *some: list(self._store._select(*some)), arguments))
        return self._answers.get()

    def _execute(self, *arguments):
        self._asked.put((self._store._execute, arguments))
        return self._answers.get()


def test_two_never_both_have_the_turn(command):
    """In whatever order their steps come; one of them alone has it."""
    outcomes = set()
    for first in itertools.combinations(range(2 * STEPS_OF_A_TURN), STEPS_OF_A_TURN):
        store = command()
        store._execute("TRUNCATE TABLE changes", {})
        commands = [_Stepwise(store), _Stepwise(store)]
        for place in range(2 * STEPS_OF_A_TURN):
            commands[place not in first].step()
        outcomes.add((commands[0].took, commands[1].took))
    assert outcomes == {(True, False), (False, True), (False, False)}


@pytest.mark.parametrize("age_s", [LEASE_S - 20, LEASE_S + 1])
def test_a_command_that_was_killed_is_waited_for_no_longer_than_needed(command, engine, stepping, age_s):
    """Its row is out of date after a time."""
    store = command()
    engine.execute(
        f"INSERT INTO changes SELECT 'killed', toUnixTimestamp64Nano(now64(9)) - {int(age_s * 1e9)}, 0"
    )
    with REFUSED if age_s < LEASE_S else nullcontext():
        take(store)


def test_a_command_that_goes_on_says_so(command, stepping):
    """Before a statement, if it has not said so for a while, and also after a long one."""
    one = command()
    said = "SELECT max(time_ns) FROM changes"
    with one.changing():
        for pause_s in (LEASE_S / 2, LEASE_S + 1):
            [before] = one.select(said, {})
            assert list(one.select(said, {})) == [before]
            stepping[0] += pause_s
            assert list(one.select(said, {})) > [before]


@pytest.mark.parametrize("statement", ["select", "write", "delete", "replace"])
def test_who_was_held_up_does_not_go_on_after_another_command_has_stored(
    command, engine, stepping, statement
):
    """Its row was out of date: it changes nothing more."""
    one, other = command(), command()
    arguments = {
        "select": ("SELECT 1", {}),
        "write": (rows_of(events_of(flow(1))[0]),),
        "delete": ("flows", "flow = 1", {}),
        "replace": ([("berlin", "cafe")], ()),
    }
    with one.changing():
        stepping[0] += LEASE_S + 1
        engine.execute("TRUNCATE TABLE changes")
        take(other)
        with pytest.raises(StoreError, match="held up for more than 60 seconds, and another one has stored"):
            list(getattr(one, statement)(*arguments[statement]) or ())
    assert queries.totals(other, Scope()).flows == 0


def test_others_changes_are_noticed(command, stepping):
    """Not the own ones."""
    one, other = command(), command()
    before = one.foreign_changes()
    take(one)
    assert one.foreign_changes() == before
    take(other)
    assert one.foreign_changes() != before


@pytest.fixture
def named(command, monkeypatch):
    """Commands open this store by any name."""

    @contextmanager
    def opened_by_name(_name):
        yield command()

    monkeypatch.setattr(kept, "opened_by_name", opened_by_name)
    return command


def flow(number):
    """A flow that begins at a time of its own."""
    return classified(flow_id=number, start_ns=START_NS + number * 1000)


@contextmanager
def reading(run, names, *numbers, is_followed=False):
    """A reading of files that has seen these flows."""
    under = ReadUnder(
        Config(), SIGNATURES, [], Privacy(ADDRESS, bytes(32)), replace(OBSERVER, run=run), names, ""
    )
    with kept.kept_in("fleet", under, is_followed=is_followed) as one:
        for number in numbers:
            one.reading.flow(flow(number))
        one.reading.flush()
        yield one


def read(run, names, *numbers):
    """A reading to its end."""
    with reading(run, names, *numbers) as one:
        one.finish(STATS, [])


def test_what_is_followed_is_compared_with_what_others_have_just_stored(named):
    """Not only with what was there when the first flow of a day came."""
    with reading("b", ["b.pcap"], 7, is_followed=True) as one:
        brought("fleet", *run_lines("a", range(8, 12)))
        one.reading.flow(flow(9))
        with pytest.raises(StoreError, match="1 of the flows is"):
            one.reading.flush()
    assert queries.totals(named(), Scope()).flows == 5


class _Killed(BaseException):
    """Nothing more is done."""


class _Kill:
    """Kills a command before the change of the database that comes after so many."""

    left = None  # None: no command is killed

    def before(self, change):
        """A change that may not happen."""

        def changing(*arguments):
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    raise _Killed
            return change(*arguments)

        return changing


@pytest.fixture
def kill(engine, monkeypatch):
    """Kills commands."""
    kill = _Kill()
    for name in ("execute", "insert"):
        monkeypatch.setattr(engine, name, kill.before(getattr(engine, name)))
    return kill


def test_a_reading_that_is_killed_while_it_replaces_others_can_be_repeated(
    named, engine, kill, tmp_path, monkeypatch
):
    """No flow is there twice, wherever it is killed (every third place), and the next one completes it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("netmon.store.clickhouse._ROWS_AT_ONCE", 2)
    for name in ("a.pcap", "b.pcap"):
        (tmp_path / name).write_bytes(name.encode() * 1000)
    for count in itertools.count(step=3):
        engine.clear()
        read("a", ["a.pcap"], *range(3))
        read("b", ["b.pcap"], *range(3, 5))
        kill.left = count
        with suppress(_Killed):
            read("both", ["a.pcap", "b.pcap"], *range(5))
        is_complete, kill.left = kill.left >= 0, None
        store = named()
        [(flows, different)] = store.select("SELECT count(*), uniqExact(start_ns) FROM flows", {})
        assert flows == different
        engine.execute("TRUNCATE TABLE changes")  # a minute later
        read("both", ["a.pcap", "b.pcap"], *range(5))
        assert list(store.select("SELECT run, count(*) FROM flows GROUP BY run", {})) == [("both", 5)]
        assert list(store.select("SELECT run FROM runs", {})) == [("both",)]
        if is_complete:
            break
    assert count > 20


def test_two_imports_at_the_same_time_store_flows_once(command, engine):
    """Two processes with the same flows of different runs: the one that gets the turn later is refused."""
    with served(answer_of(engine)) as port:
        address = f"clickhouse://netmon@127.0.0.1:{port}/netmon"
        commands = [[sys.executable, "-m", "tests.store.importing", address, run, "50"] for run in "ab"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        processes = [subprocess.Popen(one, cwd=ROOT, text=True, **pipes) for one in commands]
        store = command()
        for one in processes:
            assert one.stdout.readline() == "ready\n"
        for one in processes:
            one.stdin.write("\n")
            one.stdin.flush()
        said = sorted(one.communicate()[0].strip() for one in processes)
    assert said[0] == ""
    assert "50 of the flows are in the store already" in said[1]
    assert queries.totals(store, Scope()).flows == 50
