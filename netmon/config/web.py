"""The section `web` → `WebOptions`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from netmon.web.options import ListenAddress, WebOptions, parse_external_url, parse_listen, parse_prefix
from netmon.yaml_nodes import Fields, Item

WEB_KEYS = ("listen", "systemd_socket", "external_url", "route_prefix", "config_file", "enable_lifecycle")

T = TypeVar("T")


def read_web(web: Fields, read_path: Callable[[Item], Path]) -> WebOptions:
    """The options; `read_path` reads a path relative to the folder of the configuration."""
    default = WebOptions()
    options = WebOptions(
        listen=web.read("listen", _read_listen, default.listen),
        systemd_socket=web.read("systemd_socket", Item.flag, default.systemd_socket),
        external_url=web.read("external_url", _reader(parse_external_url, None), None),
        route_prefix=web.read("route_prefix", _reader(parse_prefix, None), None),
        config_file=web.read("config_file", read_path, None),
        enable_lifecycle=web.read("enable_lifecycle", Item.flag, default.enable_lifecycle),
    )
    if options.systemd_socket and "listen" in web and options.listen:
        web["listen"].report("systemd passes the sockets (systemd_socket), so remove the addresses")
    return options


def _read_listen(item: Item) -> tuple[ListenAddress, ...]:
    """One address or a list of them; none for "off"."""
    if item.is_text() and item.text() == "off":
        return ()
    items = item.elements() if item.is_list() else [item]
    found = [_reader(parse_listen, None)(one) for one in items]
    return tuple(dict.fromkeys(address for address in found if address is not None))


def _reader(parse: Callable[[str], T], default: T | None) -> Callable[[Item], T | None]:
    def read(item: Item) -> T | None:
        text = item.text()
        try:
            return parse(text) if text else default
        except ValueError as error:
            item.report(str(error))
            return default

    return read
