"""Checks passwords against bcrypt hashes: bounded, fair, and in the same time for every wrong one."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from enum import Enum
from typing import Protocol

import bcrypt

from netmon.web.turns import Turns
from netmon.web.verified import VerifiedPasswords

_MAX_PASSWORD_BYTES = 72
"""bcrypt accepts no more, so no hash belongs to a longer password."""
_MAX_WRONG = 1_000
_SALT = "." * 22


class Access(Enum):
    """The answer to a request with or without a password."""

    GRANTED = "granted"
    REFUSED = "refused"
    BUSY = "busy"
    """Too many passwords wait to be checked."""


class Client(Protocol):
    """Whose password is checked."""

    @property
    def who(self) -> str:
        """Its address."""

    def is_gone(self) -> bool:
        """True if it no longer waits for the answer."""


class Passwords:
    """Checks the passwords of users.

    One is hashed at a time, since the capture needs the other cores; addresses take turns. A correct password
    is remembered, so that it is hashed once, and a wrong one for a while. Refusing a wrong one takes as
    long as the most expensive hash of all users, so the time does not reveal which users exist.
    """

    def __init__(self, remembered: VerifiedPasswords) -> None:
        self._remembered = remembered
        self._turns = Turns()
        self._key = secrets.token_bytes(32)
        self._wrong: dict[bytes, None] = {}  # oldest first

    def check(self, users: Mapping[str, str], authorization: str | None, client: Client) -> Access:
        """The answer to an Authorization header (RFC 7617)."""
        if not users:
            return Access.GRANTED
        credentials = _credentials(authorization)
        if credentials is None:
            return Access.REFUSED
        user, password = credentials
        stored = users[user].encode() if user in users else None
        known = self._look_up(user, password, stored)
        if known is not None:
            return known
        with self._turns.turn(client.who) as is_ours:
            if not is_ours or client.is_gone():
                return Access.BUSY
            return self._look_up(user, password, stored) or self._hash(users, user, password, stored)

    def _look_up(self, user: str, password: bytes, stored: bytes | None) -> Access | None:
        """What is known without hashing."""
        if stored is not None and self._remembered.is_correct(stored, password):
            return Access.GRANTED
        return Access.REFUSED if self._digest(user, password, stored) in self._wrong else None

    def _hash(self, users: Mapping[str, str], user: str, password: bytes, stored: bytes | None) -> Access:
        in_use = [one.encode() for one in users.values()]
        if _matches(password, stored, max(map(_cost, in_use))) and stored is not None:
            self._remembered.add(stored, password, in_use)
            return Access.GRANTED
        if len(self._wrong) >= _MAX_WRONG:
            del self._wrong[next(iter(self._wrong))]
        self._wrong[self._digest(user, password, stored)] = None
        return Access.REFUSED

    def _digest(self, user: str, password: bytes, stored: bytes | None) -> bytes:
        digest = hashlib.sha256(self._key)
        for part in (user.encode(), password, stored or b""):
            digest.update(hashlib.sha256(part).digest())
        return digest.digest()


def _matches(password: bytes, stored: bytes | None, highest: int) -> bool:
    """True if the password belongs to the hash. If not, this took as long as a hash of the highest cost."""
    head = password[:_MAX_PASSWORD_BYTES]
    if stored is None:
        _spend(head, highest)
        return False
    if bcrypt.checkpw(head, stored) and head == password:
        return True
    # Each step of the cost doubles the time, so c + c + (c + 1) + ... + (highest - 1) is the highest.
    for cost in range(_cost(stored), highest):
        _spend(head, cost)
    return False


def _spend(password: bytes, cost: int) -> None:
    bcrypt.hashpw(password, f"$2b${cost:02}${_SALT}".encode())


def _cost(stored: bytes) -> int:
    """The cost of a hash: 12 for "$2b$12$…"."""
    return int(stored[4:6])


def _credentials(authorization: str | None) -> tuple[str, bytes] | None:
    """User and password; None if there are none."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).partition(b":")
        return (user.decode(), password) if colon else None
    except ValueError:  # neither Base64 nor UTF-8
        return None
