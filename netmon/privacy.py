"""How a client is shown: by its address, a pseudonym, its network, or not at all."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from pathlib import Path

from netmon.days import DAY_NS, iso_day
from netmon.errors import ConfigError, reason_of

ADDRESS, PSEUDONYM, NETWORK, NOTHING = range(4)
"""The levels of `privacy.level` in netmon.yaml and of `--privacy`."""

_NETWORK_BITS = {4: 24, 6: 48}
_MIN_KEY_BYTES = 32
_MAX_KEY_BYTES = 65_536


def read_key(file: Path | None) -> bytes:
    """The secret key of the pseudonyms: the bytes of the file, or a random key for this process only.

    Raises ConfigError when the file cannot be read or is too short.
    """
    if file is None:
        return secrets.token_bytes(_MIN_KEY_BYTES)
    try:
        with file.open("rb") as stream:
            key = stream.read(_MAX_KEY_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{file}: {reason_of(error)}") from error
    if len(key) > _MAX_KEY_BYTES:
        raise ConfigError(
            f"{file}: larger than {_MAX_KEY_BYTES:,} bytes, so it is hardly a key: name another file"
        )
    if len(key) < _MIN_KEY_BYTES:
        raise ConfigError(
            f"{file}: a key of {len(key)} bytes is too short; create one of {_MIN_KEY_BYTES} bytes with: "
            f"head -c {_MIN_KEY_BYTES} /dev/urandom > {file}"
        )
    return key


class Privacy:
    """Applies a privacy level to the addresses of clients, before outputs get them."""

    def __init__(self, level: int, key: bytes) -> None:
        self.level = level
        self._key = key
        self._day = -1
        self._daily_key = b""

    def digest(self, text: str, when_ns: int, scope: str) -> bytes:
        """32 bytes that tell nothing about a text without the key.

        At the level of pseudonyms they are the same for a UTC day; at higher levels only within the `scope`.
        """
        within = iso_day(when_ns) if self.level <= PSEUDONYM else f"{iso_day(when_ns)} {scope}"
        return hmac.digest(self._key, f"{within} {text}".encode(), hashlib.sha256)

    def show(self, address: str, when_ns: int) -> str | None:
        """What outputs may show of a client: text, or None for nothing.

        `when_ns` is the time of the packet, in nanoseconds since 1970; it selects the day of a pseudonym.
        A pseudonym is a keyed HMAC-SHA256. Its key is derived for each UTC day, so that a client can be
        followed within a day, but not from one day to the next.
        """
        if self.level == ADDRESS:
            return address
        if self.level == NETWORK:
            bits = _NETWORK_BITS[ipaddress.ip_address(address).version]
            return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
        if self.level == NOTHING:
            return None
        day = when_ns // DAY_NS
        if day != self._day:
            self._daily_key = hmac.digest(self._key, iso_day(when_ns).encode(), hashlib.sha256)
            self._day = day
        return "client-" + hmac.digest(self._daily_key, address.encode(), hashlib.sha256).hex()[:16]
