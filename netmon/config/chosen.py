"""The configuration that applies: a file that was named, or one in a default place, or the defaults."""

from __future__ import annotations

import os
from pathlib import Path

from netmon.config.settings import Config


def find_file(given: Path | None, environment: dict[str, str] | None = None) -> Path | None:
    """The configuration file: the given one, or the first of the default places; None if there is none."""
    env = dict(os.environ) if environment is None else environment
    if given is not None:
        return given
    if env.get("NETMON_CONFIG"):
        return Path(env["NETMON_CONFIG"])
    home = Path(env.get("XDG_CONFIG_HOME") or Path(env.get("HOME", "/")) / ".config")
    places = (home / "netmon" / "netmon.yaml", Path("/etc/netmon/netmon.yaml"))
    # os.path.isfile is False where Path.is_file would raise: in folders without read permission.
    return next((place for place in places if os.path.isfile(place)), None)  # noqa: PTH113


def load_chosen(given: Path | None) -> Config:
    """The configuration in the file that `find_file` finds; the defaults without one. Raises ConfigError."""
    file = find_file(given)
    if file is None:
        return Config()
    from netmon.config.load import load  # noqa: PLC0415  # reads YAML, which takes long to import

    return load(file)
