"""Checking passwords: bounded, fair, remembered, and in a time that reveals nothing."""

import os
import socket
import stat
import threading
import time
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException

import bcrypt
import pytest

from netmon.web import turns
from netmon.web.guard import WebGuard
from netmon.web.passwords import Access, Passwords
from netmon.web.turns import Turns
from netmon.web.verified import VerifiedPasswords, memory_folder
from tests.web.clients import Waiting, basic, hash_of, request, timed

COST = 14
IN_TIME_S = 10.0
"""The scrape timeout of Prometheus."""


def header(user, password):
    """The value of the header for a user and a password."""
    return basic(user, password)["Authorization"]


@pytest.fixture
def file(tmp_path):
    """Where passwords are remembered."""
    return tmp_path / "memory" / "passwords.json"


@pytest.fixture
def guarded(tmp_path, serve):
    """Starts a server with one user, whose password is "secret"; another call is a restart."""
    config = tmp_path / "web.config.yml"
    config.write_text(f"basic_auth_users: {{me: '{hash_of('secret', COST)}'}}")
    return lambda: serve(WebGuard(config, print))


@pytest.fixture
def attack():
    """Fifty clients that guess without a pause, each another password, until the end of the test."""
    attackers = []

    def attack(server, *sources):
        for number in range(50):
            attackers.append(Attacker(server, sources[number % len(sources)]))
        time.sleep(1)  # all of them wait for the server

    yield attack
    for one in attackers:
        one.stop()
    for one in attackers:
        one.thread.join()
        while one.turns._is_taken:
            time.sleep(0.01)


class Attacker:
    """A client that guesses passwords in a thread, always waiting for the answer."""

    def __init__(self, server, source):
        self._ended = threading.Event()
        self._connection = HTTPConnection(server.address, source_address=(source, 0))
        self._connection.connect()
        self.turns = server._site.guard._passwords._turns
        self.thread = threading.Thread(target=self._guess)
        self.thread.start()

    def stop(self):
        """Closes the connection, so that the server hashes no more of its guesses."""
        self._ended.set()
        self._connection.sock.shutdown(socket.SHUT_RDWR)

    def _guess(self):
        with suppress(OSError, HTTPException), closing(self._connection):
            while not self._ended.is_set():
                guess = f"guess {id(self)} {time.monotonic()}"
                self._connection.request("GET", "/metrics", headers=basic("me", guess))
                self._connection.getresponse().read()


@pytest.mark.slow
@pytest.mark.parametrize(
    "sources",
    [["127.0.0.1"], ["127.0.0.2"], [f"127.0.1.{number}" for number in range(1, 51)]],
    ids=["same address", "another address", "fifty addresses"],
)
def test_right_password_is_answered_during_an_attack(guarded, attack, sources):
    """Fifty clients guess at a hash of cost 14; a right one that was never verified is answered in time."""
    server = guarded()
    attack(server, *sources)
    (status, _, _), took_s = timed(lambda: request(server.address, **basic("me", "secret")))
    assert (status, took_s < IN_TIME_S) == (200, True)


@pytest.mark.slow
def test_verified_password_needs_no_turn_after_a_restart(guarded, attack):
    """A password that was verified before a restart is answered at once, three of three, whoever guesses."""
    assert request(guarded().address, **basic("me", "secret"))[0] == 200
    server = guarded()
    attack(server, "127.0.0.1")
    for _ in range(3):
        (status, _, _), took_s = timed(lambda: request(server.address, **basic("me", "secret")))
        assert (status, took_s < 2.0) == (200, True)


def test_unknown_users_take_as_long(monkeypatch):
    """The hashing for a wrong password adds up to the most expensive hash, whatever user it is for."""
    users = {"cheap": hash_of("a", 5), "dear": hash_of("b", 8), "middle": hash_of("c", 6)}
    spent = []
    for name, cost in (("checkpw", lambda _, stored: stored), ("hashpw", lambda _, salt: salt)):
        call = getattr(bcrypt, name)
        monkeypatch.setattr(
            bcrypt,
            name,
            lambda *words, call=call, cost=cost: spent.append(2 ** int(cost(*words)[4:6])) or call(*words),
        )
    passwords = Passwords(VerifiedPasswords(None, print))
    for user in ("cheap", "middle", "dear", "stranger", ""):
        for word in ("wrong", "x" * 100, "", "nul\0"):
            spent.clear()
            assert passwords.check(users, header(user, word), Waiting()) is Access.REFUSED
            assert sum(spent) == 2**8, (user, word)


@pytest.mark.slow
def test_unknown_users_take_as_long_by_the_clock():
    """The same measured: a wrong password of any user takes at least the CPU time of the dearest hash."""

    def cpu_s(user, number):
        begin = time.process_time()
        passwords.check(users, header(user, f"{number}"), Waiting())
        return time.process_time() - begin

    users = {"cheap": hash_of("a", 4), "dear": hash_of("b", 11)}
    passwords = Passwords(VerifiedPasswords(None, print))
    least = {user: min(cpu_s(user, number) for number in range(4)) for user in ("cheap", "dear", "stranger")}
    assert max(least.values()) < 1.7 * min(least.values()), least


@pytest.mark.parametrize(
    "authorization", [None, "", "Basic", "Bearer x", "Basic §", "Basic " + "=" * 3, "Basic bWU="]
)
def test_no_password_is_refused_without_hashing(monkeypatch, authorization):
    """A request without user and password costs nothing."""
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: pytest.fail("hashed"))
    monkeypatch.setattr(bcrypt, "hashpw", lambda *_: pytest.fail("hashed"))
    users = {"me": "$2b$04$" + "." * 53}
    assert Passwords(VerifiedPasswords(None, print)).check(users, authorization, Waiting()) is Access.REFUSED


def test_the_same_wrong_password_is_hashed_once(monkeypatch):
    """A scraper with an old password costs one hash; with a new hash in the file it is checked again."""
    spent = []
    checkpw = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda *words: spent.append(1) or checkpw(*words))
    passwords = Passwords(VerifiedPasswords(None, print))
    old, new = {"me": hash_of("secret")}, {"me": hash_of("changed")}
    assert [passwords.check(old, header("me", "changed"), Waiting()) for _ in range(5)] == [
        Access.REFUSED
    ] * 5
    assert len(spent) == 1
    assert passwords.check(new, header("me", "changed"), Waiting()) is Access.GRANTED


def test_guess_of_a_client_that_left_is_not_hashed(monkeypatch):
    """A client that closed its connection while it waited costs nothing."""
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: pytest.fail("hashed"))
    monkeypatch.setattr(Waiting, "is_gone", lambda _: True)
    users = {"me": "$2b$04$" + "." * 53}
    assert Passwords(VerifiedPasswords(None, print)).check(users, header("me", "a"), Waiting()) is Access.BUSY


def take_turns(callers, fair=None):
    """The order in which callers, each "address number", get their turn while another has it."""
    fair, order, settled = fair or Turns(), [], []

    def call(name):
        with fair.turn(name.split()[0]) as is_ours:
            (order if is_ours else settled).append(name)

    threads = []
    with fair.turn("first") as is_ours:
        assert is_ours
        for name in callers:
            waiting = sum(map(len, fair._waiting.values()))
            threads.append(threading.Thread(target=call, args=(name,)))
            threads[-1].start()
            while sum(map(len, fair._waiting.values())) == waiting and not settled:
                time.sleep(0.001)
    for one in threads:
        one.join()
    return order, settled


def test_addresses_take_turns():
    """Each address has one turn after another; of one address, the latest caller comes first."""
    order, settled = take_turns(["a 1", "a 2", "a 3", "b 1", "c 1", "c 2"])
    assert (order, settled) == (["c 2", "b 1", "a 3", "c 1", "a 2", "a 1"], [])


def test_a_new_address_goes_before_those_that_had_a_turn():
    """An address that guesses comes after one that has not asked for anything yet, however many guess."""
    fair = Turns()
    for number in range(50):
        with fair.turn(f"a{number}"):
            pass
    order, _ = take_turns([*(f"a{number} 2" for number in range(50)), "b 1", "a0 3"], fair)
    assert order[0] == "b 1"
    assert order[1:3] == ["a0 3", "a1 2"]


def test_few_of_an_address_wait(monkeypatch):
    """When an address has too many callers, the one that has waited longest gives up."""
    monkeypatch.setattr(turns, "MAX_WAITING", 2)
    order, settled = take_turns(["a 1", "b 1", "a 2", "a 3"])
    assert (set(order), settled) == ({"a 2", "a 3", "b 1"}, ["a 1"])


def test_few_wait_in_all(monkeypatch):
    """When there are too many callers in all, the address with the most of them loses one."""
    monkeypatch.setattr(turns, "MAX_WAITING_IN_ALL", 3)
    order, settled = take_turns(["a 1", "a 2", "b 1", "c 1"])
    assert (set(order), settled) == ({"a 2", "b 1", "c 1"}, ["a 1"])


def test_verified_passwords_are_in_a_private_file(file):
    """The file is the user's alone, and contains neither passwords nor hashes, nor what follows from them."""
    stored = hash_of("secret").encode()
    VerifiedPasswords(file, print).add(stored, b"secret", [stored])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_text()
    assert "secret" not in content
    assert stored.decode() not in content
    other = file.with_name("other.json")
    VerifiedPasswords(other, print).add(stored, b"secret", [stored])
    assert not set(content.split('"')[3::4]) & set(other.read_text().split('"')[3::4])


def test_remembered_across_restarts(file):
    """The same password for the same hash is known; another password or another hash is not."""
    stored, other = hash_of("secret").encode(), hash_of("secret").encode()
    VerifiedPasswords(file, print).add(stored, b"secret", [stored])
    again = VerifiedPasswords(file, print)
    assert again.is_correct(stored, b"secret")
    assert not again.is_correct(stored, b"wrong")
    assert not again.is_correct(stored, b"")
    assert not again.is_correct(other, b"secret")


def test_removed_users_are_forgotten(file):
    """A hash that is no longer in use is not kept."""
    old, new = hash_of("a").encode(), hash_of("b").encode()
    VerifiedPasswords(file, print).add(old, b"a", [old])
    VerifiedPasswords(file, print).add(new, b"b", [new])
    again = VerifiedPasswords(file, print)
    assert (again.is_correct(old, b"a"), again.is_correct(new, b"b")) == (False, True)


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", "{}", '{"key": "x", "verified": {}}', '{"key": "", "verified": 1}']
)
def test_damaged_file_is_replaced(file, damage):
    """A file that cannot be read is no error: the next verified password replaces it."""
    file.write_text(damage)
    file.chmod(0o600)
    stored = hash_of("a").encode()
    remembered = VerifiedPasswords(file, print)
    assert not remembered.is_correct(stored, b"a")
    remembered.add(stored, b"a", [stored])
    assert VerifiedPasswords(file, print).is_correct(stored, b"a")


@pytest.mark.parametrize("what", ["file", "folder", "link", "linked folder", "no folder"])
def test_what_others_could_change_is_not_used(file, tmp_path, what):
    """A file or a folder that another user could write or have placed is not read, and the log says so."""
    stored, log = hash_of("a").encode(), []
    VerifiedPasswords(file, print).add(stored, b"a", [stored])
    if what == "file":
        file.chmod(0o640)
    elif what == "folder":
        file.parent.chmod(0o755)
    elif what == "link":
        file.rename(tmp_path / "elsewhere.json")
        file.symlink_to(tmp_path / "elsewhere.json")
    elif what == "linked folder":
        (tmp_path / "link").symlink_to(file.parent)
        file = tmp_path / "link" / file.name
    else:
        file = tmp_path / "a" / "b" / file.name
    before = set(tmp_path.rglob("*"))
    remembered = VerifiedPasswords(file, log.append)
    assert not remembered.is_correct(stored, b"a")
    remembered.add(stored, b"a", [stored])
    remembered.add(stored, b"a", [stored])
    assert remembered.is_correct(stored, b"a")  # still remembered by this process
    [line] = log
    assert line.startswith(f"{file}: verified passwords are remembered only until the sensor ends: ")
    assert set(tmp_path.rglob("*")) == before


def test_nothing_is_written_before_a_password_is_verified(tmp_path):
    """Checking a configuration leaves no trace."""
    VerifiedPasswords(tmp_path / "new" / "passwords.json", print)
    assert not (tmp_path / "new").exists()


def test_where_passwords_are_remembered():
    """In the folder that systemd makes in memory, or in shared memory: never on a disk."""
    assert str(memory_folder({"RUNTIME_DIRECTORY": "/run/netmon:/run/other"})) == "/run/netmon"
    assert str(memory_folder({})) == f"/dev/shm/netmon-{os.geteuid()}"
