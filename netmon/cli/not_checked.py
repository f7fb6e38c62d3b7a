"""What `netmon check` cannot find out, because only a start of the sensor shows it, or `netmon doctor`."""

from __future__ import annotations

import os
from collections.abc import Iterator

from netmon.config.settings import Config, state_folder, store_path


def not_checked(settings: Config) -> Iterator[str]:
    """One line for each of them: interfaces, rights, ports, and what the sensor's user can write."""
    names = ", ".join(settings.capture.interfaces)
    if names:
        yield f"interfaces: whether {names} can be captured, which needs CAP_NET_RAW"
    else:
        yield "interfaces: none are configured; those of `netmon run -i` need CAP_NET_RAW"
    listen = [str(one) for one in settings.web.listen]
    sockets = ["the sockets of systemd are passed"] if settings.web.systemd_socket else []
    if listen:
        sockets.insert(0, f"{', '.join(listen)} can be listened on")
    if sockets:
        yield f"web: whether {' and '.join(sockets)}"
    written = {
        "state": state_folder(settings, os.environ),
        "store": store_path(settings, os.environ),
        "events": settings.events,
        "spool": settings.spool.folder,
        "evidence": settings.evidence.folder,
    }
    paths = ", ".join(f"{name} ({path})" for name, path in written.items() if path is not None)
    yield f"files: whether the sensor's user can write {paths}, and whether the disk has room"
