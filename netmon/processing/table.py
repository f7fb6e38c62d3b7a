"""The list as text and as JSON, in a language."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from netmon.config.settings import Config
from netmon.processing import texts
from netmon.processing.activities import LEVELS, StoredData
from netmon.processing.texts import Say

_WIDTH = 100
_HEADINGS: Mapping[str, str] = {
    "clients": texts.CLIENTS,
    "where": texts.WHERE,
    "why": texts.WHY,
    "how_long": texts.HOW_LONG,
    "readers": texts.READERS,
}
_PERIODS: Mapping[str, str] = {
    "day": texts.DAY,
    "week": texts.WEEK,
    "month": texts.MONTH,
    "quarter": texts.QUARTER,
    "year": texts.YEAR,
}
_REMARKS = (texts.OTHERS, texts.CONTENT, texts.NOT_LISTED)


def as_lines(config: Config, activities: Sequence[StoredData], say: Say) -> Iterator[str]:
    """The list as lines of text."""
    yield say(texts.TITLE)
    yield ""
    yield from textwrap.wrap(_settings(config, say), _WIDTH, break_on_hyphens=False)
    width = max(len(say(heading)) for heading in _HEADINGS.values()) + 2
    for number, activity in enumerate(activities, start=1):
        yield ""
        yield from _entry(f"{number}. ", activity.what.said(say))
        for key, heading in _HEADINGS.items():
            yield from _entry(f"   {say(heading) + ':':<{width}}", _said(getattr(activity, key), say))
    for remark in _REMARKS:
        yield ""
        yield from textwrap.wrap(say(remark), _WIDTH)


def as_document(config: Config, activities: Sequence[StoredData], say: Say) -> dict[str, Any]:
    """The same as a JSON object."""
    return {
        "title": say(texts.TITLE),
        "privacy_level": config.privacy_level,
        "clients": say(LEVELS[config.privacy_level]),
        "count_period": config.count_period,
        "stored": [
            {
                "what": activity.what.said(say),
                **{key: _said(getattr(activity, key), say) for key in _HEADINGS},
            }
            for activity in activities
        ],
        "remarks": [say(remark) for remark in _REMARKS],
    }


def _settings(config: Config, say: Say) -> str:
    return say(texts.SETTINGS).format(
        file=config.file or say(texts.DEFAULTS),
        level=f"{config.privacy_level} ({say(LEVELS[config.privacy_level])})",
        period=say(_PERIODS[config.count_period]),
    )


def _said(value: Any, say: Say) -> str:
    return value if isinstance(value, str) else str(value.said(say))


def _entry(heading: str, text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=heading,
        subsequent_indent=" " * len(heading),
        break_long_words=False,
        break_on_hyphens=False,
    )
