"""Modules that a command needs only with some of its options, and that take long to import."""

from __future__ import annotations

import importlib


class LateModule:
    """Stands for a module, which is imported when one of its names is used for the first time.

    Type checkers get the module itself: the assignment belongs into the `else` of `if TYPE_CHECKING`.
    """

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> object:
        return getattr(importlib.import_module(self.__name__), name)
