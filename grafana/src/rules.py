"""The rules for Prometheus with the settings of a site instead of the defaults in grafana/alerts."""

import json
from pathlib import Path

from grafana.src.settings import Settings

ALERTS = Path(__file__).parents[1] / "alerts"
NAMES = ("alerts.yml", "recording.yml")


def render(name: str, settings: Settings) -> str:
    """The text of a file of rules; with the default settings, that of grafana/alerts itself."""
    text = (ALERTS / name).read_text(encoding="utf-8")
    # As text in PromQL, whose strings have JSON's escapes: backslashes and quotes.
    text = text.replace(f'job=~"{Settings.job}"', f"job=~{json.dumps(settings.job)}")
    return text.replace(f"{Settings.runbooks}/", f"{settings.runbooks.rstrip('/')}/")
