"""Options of the whole suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--update-golden`."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write tests/golden/*/expected/ anew instead of comparing; read every difference",
    )
