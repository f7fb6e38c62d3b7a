"""Cells of CSV that no spreadsheet calculates."""

from __future__ import annotations

import re

_FORMULA = re.compile("[\t\r]|\\s*[=+@\uff0b\uff0d\uff1d\uff20-]")
"""What a spreadsheet takes for the beginning of a formula: also full-width signs, and signs after spaces."""


def safe_cell(value: str) -> str:
    """The text; after an apostrophe if a spreadsheet would take it for a formula."""
    return f"'{value}" if _FORMULA.match(value) else value
