"""Looking again and again: what was seen arrives in order, and the store is not asked too often."""

import threading

import pytest

from netmon.errors import TopError
from netmon.top import watch as watching
from netmon.top.state import Records, TopState
from netmon.top.watch import SensorWatch

PAGE = 'netmon_build_info{version="1"} 1\nnetmon_active_flows %d\n'
STATE = TopState("http://127.0.0.1:10977")


class Sensor:
    """A sensor that gives these answers, one after the other."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def read(self):
        """The next answer."""
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def took_s():
    """How long a reading of the store takes."""
    return [0.0]


@pytest.fixture
def asked(monkeypatch, clock, took_s):
    """What the store was asked: whether for clients."""
    found = []

    def read_records(_places, _glance, *, with_clients):
        found.append(with_clients)
        clock[0] += took_s[0]
        return Records()

    monkeypatch.setattr(watching, "read_records", read_records)
    return found


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def watch(asked, clock):
    """Watches a sensor with these answers."""

    def watch(*answers, every_s=0.01):
        return SensorWatch(Sensor(*answers), ["flows.db"], every_s, lambda: clock[0])

    return watch


def test_a_sensor_that_does_not_answer(watch):
    """At first that is an error; later it is a problem that the next answer ends."""
    with pytest.raises(TopError, match="refused"):
        watch(TopError("refused")).first(STATE)
    one = watch(PAGE % 1, TopError("refused"), PAGE % 2)
    state = one.first(STATE)
    one.look(STATE.where)
    assert one.applied(state).problem == "refused"
    one.look(STATE.where)
    state = one.applied(state)
    assert (state.problem, state.shown.now.active_flows) == (None, 2)


def test_another_server(watch):
    """What is no sensor is refused at first, and later a problem: the address may have a new owner."""
    with pytest.raises(TopError, match=r"http://127\.0\.0\.1:10977: this is not a sensor of netmon"):
        watch("hello\n").first(STATE)
    one = watch(PAGE % 1, "hello\n")
    state = one.first(STATE)
    one.look(STATE.where)
    assert "this is not a sensor" in one.applied(state).problem


def test_the_store_is_asked_every_few_seconds(watch, asked, clock):
    """And at once when clients are wanted."""
    one = watch(*[PAGE % 1] * 5)
    one.first(STATE)
    one.look(STATE.where)
    assert asked == [False]
    one.wants_clients = True
    one.look(STATE.where)
    one.look(STATE.where)
    assert asked == [False, True]
    clock[0] += 6
    one.look(STATE.where)
    assert asked == [False, True, True]


def test_a_large_store_is_asked_less_often(watch, asked, clock, took_s):
    """At most a tenth of the time is spent with it, on a machine that has other things to do."""
    took_s[0] = 3.0
    one = watch(*[PAGE % 1] * 5)
    one.first(STATE)
    clock[0] += 29
    one.look(STATE.where)
    assert asked == [False]
    clock[0] += 2
    one.look(STATE.where)
    assert asked == [False, False]


def test_the_thread_looks_until_it_is_stopped(watch):
    """It hurries when it is told to, and ends."""
    one = watch(*[PAGE % number for number in range(100)], every_s=3600)
    before = set(threading.enumerate())
    one.start(STATE.where)
    [thread] = set(threading.enumerate()) - before
    one.hurry()
    state = STATE
    while state.shown is None:
        state = one.applied(state)
    one.stop()
    thread.join(10)
    assert not thread.is_alive()
