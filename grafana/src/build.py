"""Writes dashboards, rules and alerts.

`python -m grafana.src.build` writes the files of this repository, and
`python -m grafana.src.build --config FILE FOLDER` those of a site, with its settings, into a folder.
"""

import argparse
import warnings
from collections.abc import Mapping
from pathlib import Path

with warnings.catch_warnings():
    # The library deprecates the only format that Grafana 11 and 12 can load.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana.src import frame, overview, sensor_health, unexpected, vendor

from grafana.src import managed, rule_files, rules, selectors, texts
from grafana.src.language import Language
from grafana.src.settings import Settings, read
from grafana.src.values import Values

ROOT = Path(__file__).parents[2]
DASHBOARDS = {
    "overview": overview.build,
    "vendor": vendor.build,
    "unexpected": unexpected.build,
    "sensor-health": sensor_health.build,
}
OF_REPOSITORY = {
    "dashboards": ROOT / "grafana" / "dashboards",
    "alerts": ROOT / "grafana" / "alerts",
    "managed-alerts": ROOT / "grafana" / "managed-alerts",
    "stack": ROOT / "deploy",
}
"""Where the repository keeps the folders of a site; it has none for Mimir and Thanos."""


def dashboards(settings: Settings, language: Language) -> dict[str, str]:
    """The dashboards' files by name."""
    values = Values(settings, language)
    found = {}
    for name, board in DASHBOARDS.items():
        translated = values.in_document(texts.translate(frame.document(board()), language))
        found[f"{name}.json"] = frame.to_json(selectors.in_document(translated, settings))
    return found


def files(settings: Settings, language: Language | None = None) -> dict[str, str]:
    """The text of every file of a site, by its path."""
    language = language or Language(settings.language)
    found = {f"dashboards/{name}": text for name, text in dashboards(settings, language).items()}
    built = rules.build(settings, language)
    alerts, recording, stack = (built[name] for name in (rules.ALERTS, rules.RECORDING, rules.STACK))
    both = rules.RuleFile(alerts.head, (*recording.groups, *alerts.groups))
    for name, one in ((rules.ALERTS, alerts), (rules.RECORDING, recording)):
        found[f"alerts/{name}"] = rule_files.for_prometheus(one)
        found[f"thanos/{name}"] = rule_files.for_thanos(one)
    found[f"stack/{rules.STACK}"] = rule_files.for_prometheus(stack)
    found["mimir/netmon.yml"] = rule_files.for_mimir(both, settings.mimir_namespace)
    found["managed-alerts/rules.yaml"] = managed.build(alerts, settings.grafana)
    return found


def write(texts_: Mapping[Path, str]) -> None:
    """Writes files, and the folders that they are in."""
    for path, text in texts_.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def of_repository() -> dict[Path, str]:
    """The files of this repository that are written from the default settings."""
    found = {}
    for name, text in files(Settings()).items():
        folder, _, file = name.partition("/")
        if folder in OF_REPOSITORY:
            found[OF_REPOSITORY[folder] / file] = text
    return found


def main(words: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Writes dashboards, rules and alerts.")
    parser.add_argument(
        "folder", type=Path, nargs="?", help="where to write; without it, the files of this repository"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="settings, see grafana/settings.example.yml"
    )
    arguments = parser.parse_args(words)
    if arguments.config and not arguments.folder:
        parser.error("--config needs a folder to write to")
    if arguments.folder:
        settings = read(arguments.config) if arguments.config else Settings()
        write({arguments.folder / name: text for name, text in files(settings).items()})
    else:
        write(of_repository())


if __name__ == "__main__":
    main()
