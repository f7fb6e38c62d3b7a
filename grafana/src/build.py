"""Writes the dashboards, and for a site the rules too.

`python -m grafana.src.build` writes grafana/dashboards; `python -m grafana.src.build --config FILE FOLDER`
writes `dashboards/` and `alerts/` with other settings into a folder.
"""

import argparse
import warnings
from pathlib import Path

with warnings.catch_warnings():
    # The library deprecates the only format that Grafana 11 and 12 can load.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana.src import frame, overview, rules, sensor_health, settings, unexpected, vendor

DASHBOARDS = {
    "vendor": vendor.build,
    "unexpected": unexpected.build,
    "sensor-health": sensor_health.build,
}


def write(folder: Path, least_judged: float = settings.Settings.least_judged) -> None:
    """Writes all dashboards into a folder, as JSON files."""
    built = {"overview": overview.build(least_judged)} | {name: build() for name, build in DASHBOARDS.items()}
    for name, dashboard in built.items():
        (folder / f"{name}.json").write_text(frame.to_json(dashboard), encoding="utf-8")


def write_all(folder: Path, chosen: settings.Settings) -> None:
    """Writes dashboards and rules for a site."""
    for name in ("dashboards", "alerts"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write(folder / "dashboards", chosen.least_judged)
    for name in rules.NAMES:
        (folder / "alerts" / name).write_text(rules.render(name, chosen), encoding="utf-8")


def main(words: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Writes the dashboards, and with --config the rules too.")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="settings, see grafana/settings.example.yml"
    )
    arguments = parser.parse_args(words)
    if arguments.config is None:
        write(arguments.folder or Path(__file__).parents[1] / "dashboards")
    elif arguments.folder is None:
        parser.error("--config needs a folder to write to")
    else:
        write_all(arguments.folder, settings.read(arguments.config))


if __name__ == "__main__":
    main()
