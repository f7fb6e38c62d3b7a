"""A report in the format that was asked for, and into the file."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Literal, get_args

from netmon.errors import ReportError, reason_of
from netmon.language.language import Language
from netmon.outputs.json_line import json_document
from netmon.report.model import Report
from netmon.report.page import render
from netmon.report.pdf import as_pdf
from netmon.report.tabular import as_csv
from netmon.signatures.model import Location

ReportFormat = Literal["html", "pdf", "json", "csv"]
FORMATS: tuple[ReportFormat, ...] = get_args(ReportFormat)
STANDARD_OUTPUT = "-"


def contents_of(
    report: Report,
    kind: ReportFormat,
    language: Language,
    locations: Mapping[str, Location],
    checks: Mapping[str, str],
) -> bytes:
    """The bytes of a report. The same report gives the same, apart from PDF, which tells when it was made."""
    if kind == "json":
        return json_document(asdict(report)).encode()
    if kind == "csv":
        return as_csv(report).encode()
    page = render(report, language, locations, checks)
    return as_pdf(page) if kind == "pdf" else page.encode()


def check_target(name: str) -> None:
    """Raises ReportError, before there is any work, if a file cannot be written."""
    path = Path(name)
    if name == STANDARD_OUTPUT:
        return
    if path.is_dir():
        raise ReportError(f"{name}: a folder; give the name of a file in it")
    if path.exists() or path.is_symlink():
        raise ReportError(f"{name}: exists already, and is not overwritten; remove it, or give another name")
    if not path.parent.is_dir():
        raise ReportError(f"{path.parent}: no such folder; make it, or give another name for the report")
    if not os.access(path.parent, os.W_OK):
        raise ReportError(f"{path.parent}: not writable; give a name in another folder")


def write_report(name: str, contents: bytes) -> None:
    """Writes the file, or standard output. Raises ReportError, and leaves no incomplete file."""
    if name == STANDARD_OUTPUT:
        sys.stdout.buffer.write(contents)
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    try:
        with path.open("xb") as file:
            file.write(contents)
    except FileExistsError:
        raise ReportError(f"{name}: exists already, and is not overwritten") from None
    except OSError as error:
        path.unlink(missing_ok=True)
        raise ReportError(f"{name}: {reason_of(error)}") from error
