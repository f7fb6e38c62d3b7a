"""Commands that have groups of options."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar

from msgspec import Struct

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
Options = tuple[Decorator, ...]


class OptionGroup(Struct, frozen=True):
    """The values of some options: OPTIONS has one for each field, in the same order."""

    OPTIONS: ClassVar[Options] = ()


def grouped(group: type[OptionGroup]) -> Decorator:
    """Adds the options of a group to a command, which gets their values in one, as its `options`."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def run(**values: Any) -> None:
            chosen = {name: values.pop(name) for name in group.__struct_fields__}
            command(**values, options=group(**chosen))

        for option in reversed(group.OPTIONS):  # as decorators that stand one below the other
            option(run)
        return run

    return add
