"""Use of encrypted DNS and of resolvers that products fall back to, as lines of a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct, field

from netmon.language.language import ENGLISH, Language
from netmon.language.marking import _
from netmon.outputs.texts import flows_text
from netmon.privacy import Privacy
from netmon.records import ClassifiedFlow

MAX_CLIENTS = 10_000
"""Clients that are counted separately; flows of further clients only count in the totals."""
SHOWN_CLIENTS = 5

QUESTION_TEXT = {
    "vendor": _("for the vendor's own names"),
    "other": _("for other names, as anyone may"),
    "unknown": _("over encrypted DNS"),
}
PROTOCOL_TEXT = {"dot": _("over TLS"), "doh": _("over HTTPS"), "doq": _("over QUIC")}


class _Client(Struct):
    flows: int = 0
    last_ns: int = 0
    resolvers: set[str] = field(default_factory=set)  # ids from the signatures: a closed set


class DnsUse:
    """Counts flows, each once, when it ends."""

    def __init__(self, privacy: Privacy, language: Language = ENGLISH) -> None:
        self._privacy = privacy
        self._language = language
        self._clients: dict[str, _Client] = {}
        self._protocols: Counter[str] = Counter()
        self._fallbacks: Counter[tuple[str, str, str]] = Counter()
        self._is_full = False

    def flow(self, classified: ClassifiedFlow) -> None:
        """Counts a flow when it ends."""
        flow = classified.flow
        if flow.phase != "end":
            return
        for one in classified.fallbacks:
            self._fallbacks[one.vendor, one.operator, one.question] += 1
        if flow.encrypted_dns is None:
            return
        self._protocols[flow.encrypted_dns] += 1
        if flow.client not in self._clients and len(self._clients) >= MAX_CLIENTS:
            self._is_full = True
            return
        client = self._clients.setdefault(flow.client, _Client())
        client.flows += 1
        client.last_ns = max(client.last_ns, flow.last_ns)
        if classified.resolver is not None:
            client.resolvers.add(classified.resolver)

    def lines(self) -> Iterator[str]:
        """The lines, highest counts first; none if there was no such use."""
        say, number = self._language.say, self._language.number
        if self._protocols:
            flows = ", ".join(
                f"{number(count)} {say(PROTOCOL_TEXT[protocol])}"
                for protocol, count in self._protocols.most_common()
            )
            yield self._language.say_count(
                len(self._clients),
                "Encrypted DNS: {count}{more} client, flows: {flows}.",
                "Encrypted DNS: {count}{more} clients, flows: {flows}.",
                more=say(" or more") if self._is_full else "",
                flows=flows,
            )
            yield from self._top()
        for (vendor, operator, question), count in sorted(self._fallbacks.items(), key=_most_first):
            yield self._language.say_count(
                count,
                "Fallback resolver of {vendor}: {operator} was queried {question} ({count} finding).",
                "Fallback resolver of {vendor}: {operator} was queried {question} ({count} findings).",
                vendor=vendor,
                operator=operator,
                question=say(QUESTION_TEXT[question]),
            )

    def _top(self) -> Iterator[str]:
        say = self._language.say
        order = sorted(self._clients.items(), key=lambda item: (-item[1].flows, item[0]))
        for address, client in order[:SHOWN_CLIENTS]:
            shown = self._privacy.show(address, client.last_ns)
            if shown is not None:
                where = ", ".join(sorted(client.resolvers)) or say("no known resolver")
                yield "  " + say(
                    "{client}: {flows} to {where}",
                    client=shown,
                    flows=flows_text(client.flows, self._language),
                    where=where,
                )


def _most_first(item: tuple[tuple[str, str, str], int]) -> tuple[bool, int, tuple[str, str, str]]:
    """Queries for a vendor's names first, then by count."""
    labels, count = item
    return labels[2] != "vendor", -count, labels
