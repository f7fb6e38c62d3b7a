"""Vendors of which only names were looked up: no flow of theirs was seen, and what that can mean."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from netmon.language.language import ENGLISH, Language


def looked_up_lines(
    looked_up: Mapping[str, int], seen: Container[str], language: Language = ENGLISH
) -> Iterator[str]:
    """A line for each vendor with DNS queries, of which `looked_up` is the number, and not in `seen`."""
    for vendor, queries in sorted(looked_up.items()):
        if vendor not in seen:
            yield language.say_count(
                queries,
                "{count} DNS query for a name of {vendor} was seen, but no flow. Either the flows are not "
                "seen or not recognised here, as behind a proxy or VPN, or there were none, as when names "
                "are blocked, or a mail server only checks them. `netmon read --json --all` on a "
                "capture shows who asked for what.",
                "{count} DNS queries for names of {vendor} were seen, but no flow. Either the flows are not "
                "seen or not recognised here, as behind a proxy or VPN, or there were none, as when names "
                "are blocked, or a mail server only checks them. `netmon read --json --all` on a "
                "capture shows who asked for what.",
                vendor=vendor,
            )
