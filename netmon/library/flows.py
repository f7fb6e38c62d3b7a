"""`netmon.read`: capture files → flows, and a table of them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from netmon import wiring
from netmon.config.chosen import load_chosen
from netmon.config.settings import Config
from netmon.countries import given_country
from netmon.errors import ConfigError, SourceError, install_command
from netmon.library.flow import Flow, flow_of
from netmon.quality import INTERCEPTED, find_faults
from netmon.signatures.match import compile_matcher
from netmon.sources.bpf import ETHERNET, compile_filter
from netmon.sources.files import FileSource
from netmon.sources.find_files import FoundFiles, captures_of
from netmon.verdict.subjects import Subjects

if TYPE_CHECKING:
    import pandas
    import pyarrow

PathLike = str | os.PathLike[str]


class CaptureWarning(UserWarning):
    """A reason to doubt a result: a damaged file, packets that could not be decoded, one direction only."""


def read(
    *files: PathLike,
    country: str | None = None,
    every_flow: bool = False,
    filter: str = "",  # noqa: A002 - as the command line's help calls it
    config: PathLike | None = None,
    signatures: PathLike | None = None,
    databases: Sequence[PathLike] | None = None,
) -> Flows:
    """The flows of capture files: those of a known vendor, or every one.

    The answers are those of `netmon read` with the same configuration. A name may be that of a file or a
    folder, or a pattern such as "captures/*.pcap". Several files are read as one capture, in the order of
    their first packets.

    `country`     where the users are, such as "DE": selects the promises that apply to them
    `every_flow`  also give flows that match no vendor
    `filter`      a BPF filter, such as "tcp port 443"
    `config`      a netmon.yaml instead of the default one
    `signatures`  a folder of signatures instead of the configured one
    `databases`   location databases (.mmdb) instead of the configured ones

    Raises SourceError for a file that does not exist and an invalid filter, ConfigError and SignatureError.
    """
    if not files:
        raise SourceError("read() needs at least one capture file")
    paths = [os.fspath(file) for file in files]
    if "-" in paths:
        raise SourceError("standard input cannot be read again, as each loop does: give a file")
    found = captures_of(paths)
    compile_filter(filter, ETHERNET)
    settings = load_chosen(None if config is None else Path(config))
    settings = _with_country(settings, country)
    if signatures is not None:
        settings = replace(settings, signatures=Path(signatures))
    if databases is not None:
        settings = replace(settings, databases=tuple(Path(one) for one in databases))
    return Flows(found, settings, every_flow=every_flow, expression=filter)


class Flows:
    """The flows of capture files, in the order in which they end. Each loop over it reads the files again.

    A loop raises SourceError for a file that is no capture, and warns with a CaptureWarning of whatever makes
    the result incomplete or doubtful.
    """

    def __init__(self, found: FoundFiles, settings: Config, *, every_flow: bool, expression: str) -> None:
        """What to read, and how: `netmon.read` makes this."""
        self._found = found
        self._settings = settings
        self._every_flow = every_flow
        self._expression = expression
        self._signatures = wiring.load_signatures(settings)

    def __iter__(self) -> Iterator[Flow]:
        """The flows, while the files are read."""
        settings = self._settings
        databases = wiring.open_databases(settings, _warn)
        monitor = wiring.make_monitor(settings, self._signatures, databases=databases)
        source = FileSource(
            self._found.paths,
            compile_matcher(self._signatures),
            filter_expression=self._expression,
            every_flow=self._every_flow,
            limits=settings.engine_keywords(),
        )
        for batch in source.batches():
            for record in batch.flows:
                classified = monitor.classify(record)
                if classified.vendor is not None or self._every_flow:
                    yield flow_of(classified)
        stats = source.stats()
        doubts = [fault.text for fault in find_faults(stats)]
        if stats["interceptions"]:
            doubts.insert(0, INTERCEPTED)
        for line in (*self._found.problems, *source.problems, *doubts):
            _warn(line)

    def to_arrow(self) -> pyarrow.Table:
        """All flows as a table with a column for each field of `Flow`. Needs pyarrow."""
        try:
            from netmon.library.table import to_arrow  # noqa: PLC0415 - only tables need pyarrow
        except ModuleNotFoundError as error:
            raise _missing("to_arrow()", error, "pyarrow") from error
        return to_arrow(self)

    def to_pandas(self) -> pandas.DataFrame:
        """All flows as a data frame with a column for each field of `Flow`. Needs pandas and pyarrow."""
        try:
            import pandas  # noqa: F401, PLC0415 - before the files are read
        except ModuleNotFoundError as error:
            raise _missing("to_pandas()", error, "pandas", "pyarrow") from error
        return self.to_arrow().to_pandas()


def _with_country(settings: Config, country: str | None) -> Config:
    if country is None:
        return settings
    try:
        return replace(settings, subjects=Subjects(given_country(country)))
    except ValueError as error:
        raise ConfigError(f"country: {error}") from error


def _missing(method: str, error: ModuleNotFoundError, *packages: str) -> ModuleNotFoundError:
    """The error of a method that needs packages, with the command that installs them."""
    text = f"{method} needs {error.name}: {install_command(*packages)}"
    return ModuleNotFoundError(text, name=error.name)


def _warn(line: str) -> None:
    warnings.warn(line, CaptureWarning, stacklevel=3)
