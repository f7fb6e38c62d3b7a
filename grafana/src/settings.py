"""The settings from which dashboards and rules are written, read from one YAML file."""

from dataclasses import dataclass, fields
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Settings:
    """Each field is a key of the file; what it omits keeps the default."""

    job: str = "netmon.*"
    """A regular expression for the scrape jobs of the sensors."""
    runbooks: str = "http://127.0.0.1:10977/runbooks"
    """Where runbooks are: a sensor's external URL followed by /runbooks, or another site with these pages."""
    least_judged: float = 0.5
    """Share of the flows that must have a verdict for a green overview."""


def read(file: Path) -> Settings:
    """The settings in a file; an unknown key or a value of the wrong kind is an error."""
    found = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    if not isinstance(found, dict):
        raise SystemExit(f"{file}: expected keys and values, such as `job: netmon.*`")
    known = {field.name for field in fields(Settings)}
    if unknown := sorted(set(map(str, found)) - known):
        raise SystemExit(f"{file}: unknown key {unknown[0]}; the keys are {', '.join(sorted(known))}")
    for name, value in found.items():
        kind = type(getattr(Settings, name))
        if not isinstance(value, int | float if kind is float else kind) or isinstance(value, bool):
            raise SystemExit(
                f"{file}: {name}: expected {'a number' if kind is float else 'text'}, found {value!r}"
            )
    settings = Settings(**found)
    if not 0 <= settings.least_judged <= 1:
        raise SystemExit(f"{file}: least_judged: expected a share from 0 to 1, found {settings.least_judged}")
    return settings
