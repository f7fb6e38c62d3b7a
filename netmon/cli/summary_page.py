"""The summary of a run on standard output, and what makes its result doubtful."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from netmon.cli.page import make_page, write_wrapped
from netmon.language.language import ENGLISH, Language
from netmon.outputs.findings_seen import More
from netmon.outputs.shown import FINDINGS
from netmon.outputs.summary import Summary
from netmon.quality import INTERCEPTED, find_faults
from netmon.sources import Stats
from netmon.verdict.subjects import Subjects


class SummaryPage(Struct, frozen=True):
    """What a summary shows besides its run."""

    remarks: Sequence[str] = ()  # these lead it
    findings: int = FINDINGS
    more: More | None = None  # the command that shows more findings


_PLAIN = SummaryPage()


def show_summary(
    summary: Summary,
    stats: Stats,
    subjects: Subjects,
    language: Language = ENGLISH,
    page: SummaryPage = _PLAIN,
) -> None:
    """Prints the summary of a run, and what is missing in the configuration."""
    summary.show(make_page(), stats, remarks=page.remarks, shown=page.findings, more=page.more)
    if not summary.has_unknown_subjects:
        return
    if subjects.are_unknown:
        write_wrapped(
            language.say(
                "No country-specific promise was applied: give the users' country, such as --country DE, or "
                "set subject.country."
            )
        )
    else:
        write_wrapped(
            language.say(
                "No country-specific promise was applied to clients in no listed network: add their networks "
                "to subject.networks, unless their users are in several countries."
            )
        )


def doubts_of(stats: Stats, language: Language) -> Iterator[str]:
    """Reasons to doubt the result, one line each."""
    if stats["interceptions"]:
        yield language.say(INTERCEPTED)
    for fault in find_faults(stats, language):
        yield fault.text
