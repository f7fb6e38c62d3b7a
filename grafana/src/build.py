"""Writes the dashboards: `python -m grafana.src.build [FOLDER]`, by default into grafana/dashboards."""

import sys
import warnings
from pathlib import Path

with warnings.catch_warnings():
    # The library deprecates the only format that Grafana 11 and 12 can load.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana.src import frame, overview, sensor_health, unexpected, vendor

DASHBOARDS = {
    "overview": overview.build,
    "vendor": vendor.build,
    "unexpected": unexpected.build,
    "sensor-health": sensor_health.build,
}


def write(folder: Path) -> None:
    """Writes all dashboards into a folder, as JSON files."""
    for name, build in DASHBOARDS.items():
        (folder / f"{name}.json").write_text(frame.to_json(build()), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "dashboards")
