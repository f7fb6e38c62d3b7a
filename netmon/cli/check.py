"""`netmon check`: whether the configuration is right, and what is in effect."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import typer

from netmon.cli import wiring
from netmon.cli.wiring import ConfigOption, SignaturesOption
from netmon.privacy import read_key


def check(config: ConfigOption = None, signatures: SignaturesOption = None) -> None:
    """Checks the configuration and the signatures, and shows the effective values.

    Examples:

      netmon check

      netmon check --config /etc/netmon/netmon.yaml
    """
    settings = wiring.load_config(config, signatures, None)
    known = wiring.load_signatures(settings)
    if settings.privacy_key is not None:
        read_key(settings.privacy_key)
    typer.echo(f"configuration: {settings.file or 'none found; these are the defaults'}")
    for name, value in _flatten(settings, ""):
        typer.echo(f"  {name}: {value}")
    rules = len(known.entries)
    typer.echo(f"signatures: {known.folder} ({', '.join(sorted(known.vendors))}; {rules} names and networks)")
    typer.echo(f"  sha256: {known.sha256}")
    typer.echo("fine")


def _flatten(value: Any, prefix: str) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for item in fields(value):
        if item.name == "file":
            continue
        part, name = getattr(value, item.name), f"{prefix}{item.name}"
        if is_dataclass(part):
            lines += _flatten(part, f"{name}.")
        else:
            lines.append((name, _text(part)))
    return lines


def _text(value: Any) -> str:
    if value is None or value in ((), {}, frozenset()):
        return "none"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], int):
        return f"{value[0]}:{value[1]}"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return "; ".join(f"{key} → {_text(item)}" for key, item in value.items())
    return str(value)
