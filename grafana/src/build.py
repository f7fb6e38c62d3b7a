"""Writes the dashboards: `python -m grafana.src.build [--least-judged SHARE] [FOLDER]`.

The default folder is grafana/dashboards.
"""

import argparse
import warnings
from pathlib import Path

with warnings.catch_warnings():
    # The library deprecates the only format that Grafana 11 and 12 can load.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana.src import frame, overview, sensor_health, unexpected, vendor, verdict

DASHBOARDS = {
    "vendor": vendor.build,
    "unexpected": unexpected.build,
    "sensor-health": sensor_health.build,
}


def write(folder: Path, least_judged: float) -> None:
    """Writes all dashboards into a folder, as JSON files."""
    built = {"overview": overview.build(least_judged)} | {name: build() for name, build in DASHBOARDS.items()}
    for name, dashboard in built.items():
        (folder / f"{name}.json").write_text(frame.to_json(dashboard), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Writes the dashboards.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parents[1] / "dashboards")
    parser.add_argument(
        "--least-judged",
        type=float,
        default=verdict.LEAST_JUDGED,
        metavar="SHARE",
        help="share of the flows that must have a verdict for a green overview (default: %(default)s)",
    )
    arguments = parser.parse_args()
    write(arguments.folder, arguments.least_judged)
