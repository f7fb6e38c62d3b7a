"""`netmon explain`: why a flow has its verdict, told from its event or from a capture."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from netmon import wiring
from netmon.cli.grouping import grouped
from netmon.cli.options import CaptureOptions, SourceName
from netmon.cli.page import terminal_width
from netmon.cli.signatures import tell_signatures
from netmon.cli.single_options import language_option
from netmon.cli.spoken_language import LanguageName, chosen_language
from netmon.cli.terminal import log, printable, write_line
from netmon.cli.values import WORD, whole_number
from netmon.config.settings import Config
from netmon.errors import EventError, SourceError
from netmon.explain.chain import WIDEST, Context, explain_flow
from netmon.explain.event import read_event
from netmon.outputs.events import Events
from netmon.records import ClassifiedFlow
from netmon.signatures.cached import cache_folder
from netmon.signatures.match import compile_matcher
from netmon.signatures.model import SignatureSet
from netmon.sources.files import FileSource
from netmon.sources.find_files import captures_of
from netmon.sources.scapy_source import ScapyFileSource

_ENDINGS_OF_FILES = (".json", ".jsonl", ".ndjson", ".txt", ".log", ".gz", ".pcap", ".pcapng", ".cap")
_MOST_CHARACTERS = 4_000_000
"""An event has a few thousand characters; whatever is longer is something else."""


@click.command()
@click.argument(
    "words",
    metavar="EVENT|FILE…",
    nargs=-1,
    required=True,
    type=WORD,
    help="One event: a line of JSON, a file that contains it, or '-' for standard input. "
    "With --flow: capture files, folders, patterns. Or a host name, an address, or a wildcard such "
    "as '*.vendor.example': what the signatures say about it.",
)
@click.option(
    "--flow",
    type=whole_number(0),
    metavar="ID",
    help="Explain this flow of the capture: netmon.flow_id.",
)
@language_option
@grouped(CaptureOptions)
def explain(
    words: tuple[str, ...], flow: int | None, language: LanguageName | None, options: CaptureOptions
) -> None:
    """Explains a verdict: the whole chain from packets to name, signature, place, promise and verdict.

    Each link is given with who said it, when, and what could be forged. Numbers of packets are those of the
    capture, as in Wireshark. Signatures, policy and the users' country are the ones in use now; the event has
    what was known when the flow was judged.

    Examples:

      netmon explain --country DE --flow 17 office.pcap

      grep '"flow_id":17,' events.jsonl | netmon explain --country DE -

      netmon explain event.json

      netmon explain '*.vendor.example'
    """
    settings = options.for_files(options.load())
    if flow is None and len(words) == 1 and _is_host(words[0]):
        tell_signatures(words[0], settings)
        return
    known = wiring.load_signatures(settings, cache=cache_folder(os.environ))
    line = _read_line(words) if flow is None else _find_flow(words, flow, settings, known, options)
    event = read_event(line)
    context = Context(known, settings.policy, settings.subjects.find(event.client))
    width = min(terminal_width() or WIDEST, WIDEST)
    for text in list(explain_flow(event, context, chosen_language(language), width)):
        write_line(text)


def _is_host(word: str) -> bool:
    """True for a word that is no file, and looks like a name, an address, a wildcard, or a URL or prefix.

    Of the last ones, the signatures say what to leave out.
    """
    host = re.sub(r"[][]", "", word.partition("/")[0])
    if re.fullmatch(r"[\w*-]*([.:*][\w*-]*){1,127}", host) is None or not host.strip(".:-"):
        return False
    is_file = Path(word).suffix.lower() in _ENDINGS_OF_FILES or _exists(word)
    return not is_file and (host == word or not _exists(host))


def _exists(name: str) -> bool:
    """True if there is a file or folder of this name; a name that none can have has none."""
    try:
        return Path(name).exists()
    except OSError:
        return False


def _read_line(words: Sequence[str]) -> str:
    """The line of JSON that the words give. Raises EventError and SourceError."""
    if len(words) > 1:
        raise EventError(f"{len(words)} events were given: explain one at a time, or give --flow ID")
    [word] = words
    if word.lstrip().startswith("{"):
        return word
    text = _read_text(word)
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        where = "standard input" if word == "-" else printable(word)
        raise EventError(f"{where} is empty: give one event, a line of `netmon read --json`")
    if len(lines) > 1 or len(text) > _MOST_CHARACTERS:
        raise EventError(
            f"{printable(word)}: {len(lines)} lines instead of one event; select one, for example: "
            "grep '\"flow_id\":17,' FILE | netmon explain -"
        )
    return lines[0]


def _read_text(word: str) -> str:
    try:
        if word == "-":
            data = sys.stdin.buffer.read(_MOST_CHARACTERS + 1)
        else:
            with Path(word).open("rb") as file:
                data = file.read(_MOST_CHARACTERS + 1)
    except FileNotFoundError as error:
        raise SourceError(f"{printable(word)}: no such file") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EventError(
            f"{printable(word)}: not an event; to explain a flow of a capture, give --flow ID"
        ) from error


def _find_flow(
    paths: Sequence[str], number: int, settings: Config, known: SignatureSet, options: CaptureOptions
) -> str:
    """The event of a flow in capture files. Raises SourceError if they have no such flow."""
    captures = captures_of(paths)
    databases = wiring.open_databases(settings, log)
    monitor = wiring.make_monitor(settings, known, databases=databases)
    source = FileSource if options.source is SourceName.NATIVE else ScapyFileSource
    reader = source(
        captures.paths, compile_matcher(known), every_flow=True, limits=settings.engine_keywords()
    )
    found: ClassifiedFlow | None = None
    flows = 0
    for batch in reader.batches():
        for one in batch.flows:
            classified = monitor.classify(one)  # each one: the places of later flows depend on round trips
            flows += 1
            found = classified if one.flow_id == number else found
    for problem in (*captures.problems, *reader.problems, *databases.take_problems()):
        log(problem)
    if found is None:
        raise SourceError(f"{', '.join(map(printable, paths))}: no flow {number} among its {flows:,} flows")
    stream = io.StringIO()
    Events(stream, wiring.make_privacy(settings), known.locations).flow(found)
    return stream.getvalue()
