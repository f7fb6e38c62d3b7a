"""The page as PDF, by a program of the machine: headless Chromium, or WeasyPrint."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from netmon.errors import ReportError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT_S = 180


def as_pdf(page: str) -> bytes:
    """The page, printed on A4. Raises ReportError if there is no program for that, or if it fails."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is not None:
        return _by_browser(browser, page)
    try:
        weasyprint = importlib.import_module("weasyprint")
    except (ImportError, OSError):  # OSError: its libraries are missing
        raise ReportError(
            "a PDF needs Chromium or WeasyPrint, and neither is installed: install one, or write the report "
            "with --format html and print it to a file in any browser"
        ) from None
    return bytes(weasyprint.HTML(string=page).write_pdf())


def _by_browser(browser: str, page: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="netmon-report-", ignore_cleanup_errors=True) as name:
        source, target = Path(name, "report.html"), Path(name, "report.pdf")
        source.write_text(page, encoding="utf-8")
        words = [
            browser,
            "--headless",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={name}/home",
        ]
        if os.geteuid() == 0:
            words.append("--no-sandbox")  # root has no other way, and the page has no scripts
        words += [f"--print-to-pdf={target}", source.as_uri()]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            raise ReportError(f"{browser} did not finish within {TIMEOUT_S} seconds") from None
        if not target.exists():
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise ReportError(f"{browser} wrote no PDF: {last}")
        return target.read_bytes()
