"""Commands that have groups of options."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """A command for typer, with one option for each field of the group that annotates parameter `options`.

    typer derives options from a function's signature and has no groups, so this replaces the signature.
    """
    signature = inspect.signature(command, eval_str=True)
    group = signature.parameters["options"].annotation
    hints = get_type_hints(group, include_extras=True)
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[name])
        for name, default in zip(group.__struct_fields__, group.__struct_defaults__, strict=True)
    ]
    own = [parameter for parameter in signature.parameters.values() if parameter.name != "options"]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        chosen = {option.name: values.pop(option.name) for option in options}
        command(**values, options=group(**chosen))

    vars(run)["__signature__"] = signature.replace(parameters=[*own, *options])
    return run
