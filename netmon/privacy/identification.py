"""Finds the addresses that pseudonyms stand for: with the key, by trying the addresses of given networks."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence

from netmon.errors import ConfigError
from netmon.privacy.levels import CLIENT, COUNTED, Pseudonyms

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_ADDRESSES = 1 << 25
"""Twice 10.0.0.0/8: a few minutes."""
_STEP = 1 << 16
_FORM = re.compile(f"({CLIENT}|{COUNTED})[0-9a-f]{{16}}")


def check_pseudonyms(pseudonyms: Sequence[str]) -> None:
    """Raises ConfigError for a text that is no pseudonym."""
    for one in pseudonyms:
        if not _FORM.fullmatch(one):
            raise ConfigError(
                f"'{one}' is no pseudonym: give one as events show it, such as client-a70e6ec833b3d7a2"
            )


def parse_networks(texts: Sequence[str]) -> list[Network]:
    """The networks to try. Raises ConfigError for one that is invalid, and if they are too large."""
    networks: list[Network] = []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text))
        except ValueError as error:
            raise ConfigError(f"'{text}' is not a network: {error}") from error
    total = sum(network.num_addresses for network in networks)
    if total > MAX_ADDRESSES:
        raise ConfigError(
            f"the networks have {total:,} addresses, and at most {MAX_ADDRESSES:,} are tried: give smaller "
            "networks; for IPv6, single addresses, such as those that your routers list as neighbours"
        )
    return networks


def identify(
    pseudonyms: Sequence[str],
    networks: Sequence[Network],
    makers: Sequence[Pseudonyms],
    progress: Callable[[int], None],
) -> dict[str, str]:
    """The address of each pseudonym that was found.

    `makers` are the pseudonyms of the day and of its period, by each key that was in use. `progress` is
    called with the number of addresses tried.
    """
    wanted, found = set(pseudonyms), {}
    for number, address in enumerate(_addresses(networks), start=1):
        for maker in makers:
            pseudonym = maker.of(address)
            if pseudonym in wanted:
                found[pseudonym] = address
        if number % _STEP == 0:
            progress(number)
        if len(found) == len(wanted):
            break
    return found


def _addresses(networks: Sequence[Network]) -> Iterator[str]:
    for network in networks:
        yield from map(str, network)
