"""Options that several commands share, in groups; and the exit codes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from netmon.config import Config, check_country, find_file, load
from netmon.errors import ConfigError
from netmon.promises import Subject

OK, ERROR, USAGE, FOUND, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes."""


class SourceName(StrEnum):
    """What captures packets, or reads them from a file."""

    NATIVE = "native"
    SCAPY = "scapy"


@dataclass(frozen=True)
class ConfigOptions:
    """Where the configuration and the signatures are."""

    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="Configuration; otherwise the usual places are tried."
        ),
    ] = None
    signatures: Annotated[
        Path | None,
        typer.Option(
            "--signatures", metavar="DIR", help="Signature folder instead of the one that comes with netmon."
        ),
    ] = None

    def load(self) -> Config:
        """The configuration, with these options instead of its own values. Raises ConfigError."""
        config = load(find_file(self.config))
        return config if self.signatures is None else replace(config, signatures=self.signatures)


@dataclass(frozen=True)
class SubjectOptions(ConfigOptions):
    """The same, and whose traffic it is."""

    country: Annotated[
        str | None,
        typer.Option(
            "--country",
            metavar="CC",
            help="Country of the users whose traffic it is (subject.country): decides which promises bind.",
        ),
    ] = None

    def load(self) -> Config:
        """The configuration, with these options instead of its own values. Raises ConfigError."""
        config = super().load()
        if self.country is None:
            return config
        country = self.country.upper()
        problem = check_country(country)
        if problem:
            raise ConfigError(f"--country: {problem}")
        return replace(config, subject=Subject(country))


@dataclass(frozen=True)
class CaptureOptions(SubjectOptions):
    """The same, and how packets are read and clients are shown."""

    privacy: Annotated[
        int | None,
        typer.Option(
            "--privacy",
            min=0,
            max=3,
            help="Clients as 0 addresses, 1 daily pseudonyms, 2 networks, 3 not at all.",
        ),
    ] = None
    source: Annotated[
        SourceName,
        typer.Option(
            "--source",
            metavar="native|scapy",
            help="scapy: portable and slow; needs the extra netmon-egress[scapy].",
        ),
    ] = SourceName.NATIVE


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """The command with one option for each field of the group that its parameter `options` is annotated with.

    typer knows no groups of options: it builds them from a function's signature, so this extends it.
    """
    signature = inspect.signature(command, eval_str=True)
    group = signature.parameters["options"].annotation
    hints = get_type_hints(group, include_extras=True)
    options = [
        inspect.Parameter(
            one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=hints[one.name]
        )
        for one in fields(group)
    ]
    own = [parameter for parameter in signature.parameters.values() if parameter.name != "options"]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        chosen = {option.name: values.pop(option.name) for option in options}
        command(**values, options=group(**chosen))

    vars(run)["__signature__"] = signature.replace(parameters=[*own, *options])
    return run
